using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions.Json;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Api;
using Countersign.Server.Configuration;
using Countersign.Server.Console;
using Countersign.Server.Rosters;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Hosting;

/// <summary>
/// One running server. It starts in an order in which nothing privileged can happen too early: (1) policy, people
/// and certificate, (2) keys, (3) the store, which verifies itself, (4) policy and people in the ledger, (5) the gates,
/// (6) the doors.
/// </summary>
internal sealed partial class Node : IAsyncDisposable
{
    private readonly Keyring _keys;
    private readonly SqliteStore _store;
    private readonly WebApplication _web;

    private Node(Keyring keys, SqliteStore store, WebApplication web)
    {
        _keys = keys;
        _store = store;
        _web = web;
    }

    /// <summary>Where the server listens; with port 0 in the configuration, the port it got.</summary>
    public Uri Address => new(_web.Urls.First());

    /// <summary>How people and agents reach it.</summary>
    public required Uri Public { get; init; }

    public SqliteStore Store => _store;

    public Keyring Keys => _keys;

    public IServiceProvider Services => _web.Services;

    /// <exception cref="ConfigurationException">Something in the configuration or on this machine has to be mended
    /// first.</exception>
    public static async Task<Node> StartAsync(
        Settings settings, NodeOptions options, CancellationToken cancellationToken)
    {
        // 1.
        var charter = new CharterSource(settings, options.Time);
        var certificate = settings.Tls is { } tls ? ServerCertificate.Load(tls) : null;
        // 2.
        var keys = Keyring.Open(settings);
        settings = keys.Unlock(settings);
        charter.Unlock(settings);
        SqliteStore? store = null;
        WebApplication? web = null;
        try
        {
            // 3.
            var storeOptions = StoreOptionsOf(settings, keys, options.Time);
            ArmKillPoints(ref storeOptions);
            store = await SqliteStore.OpenAsync(storeOptions, cancellationToken);
            IStore port = store;
            ArmKillPoints(ref port);
            // 4.
            var policy = new PolicyChanges(settings, charter, port, store);
            await policy.SettleAsync(cancellationToken);
            var people = new PeopleChanges(settings, charter, port, store, keys.DeriveKey(Keyring.ForTokenMarks));
            await people.SettleAsync(cancellationToken);
            await charter.SettleAsync(port, cancellationToken);
            // 5.
            web = WebServer.Build(
                settings, options, new NodeParts(charter, keys, port, store, (policy, people), certificate));
            // 6.
            await WebServer.OpenAsync(web, settings, cancellationToken);
            await TryTellOfProposalsAsync(web, policy, people, cancellationToken);
            return new Node(keys, store, web) { Public = WebServer.PublicOf(web.Services, settings) };
        }
        catch
        {
            // The reaper may be at work already, whatever kept a door shut.
            await CloseAsync(keys, store, web);
            throw;
        }
    }

    /// <summary>How the store of a configuration is opened.</summary>
    public static SqliteStoreOptions StoreOptionsOf(Settings settings, Keyring keys, TimeProvider time) => new()
    {
        Path = settings.Database,
        HeadFile = settings.Ledger.HeadFile,
        Key = keys.Ledger,
        Vault = keys.Vault,
        Random = RandomNumberGenerator.Fill,
        Time = time,
    };

    public Task WaitForShutdownAsync(CancellationToken cancellationToken) =>
        _web.WaitForShutdownAsync(cancellationToken);

    public ValueTask DisposeAsync() => CloseAsync(_keys, _store, _web);

    /// <summary>
    /// Where the fault tests take hold. Only the build configuration Faults has bodies for these two; in every other
    /// build the compiler drops them and their calls.
    /// </summary>
    static partial void ArmKillPoints(ref SqliteStoreOptions options);

    static partial void ArmKillPoints(ref IStore store);

    /// <summary>Who uses something goes before it: the doors, the store, the keys.</summary>
    private static async ValueTask CloseAsync(Keyring keys, SqliteStore? store, WebApplication? web)
    {
        if (web is not null)
        {
            await web.StopAsync();
            await web.DisposeAsync();
        }

        if (store is not null)
        {
            await store.DisposeAsync();
        }

        keys.Dispose();
    }

    private static async Task TryTellOfProposalsAsync(
        WebApplication web, PolicyChanges policy, PeopleChanges people, CancellationToken cancellationToken)
    {
        try
        {
            await TellOfProposalsAsync(web, policy, people, cancellationToken);
        }
        catch (StoreUnavailableException failure)
        {
            // What is in force stays; the next start asks.
            web.Logger.ProposalFailed(failure);
        }
    }

    private static async Task TellOfProposalsAsync(
        WebApplication web, PolicyChanges policy, PeopleChanges people, CancellationToken cancellationToken)
    {
        var proposals = web.Services.GetRequiredService<Proposals>();
        var (changesPolicy, changesPeople) = (policy.IsProposed, people.IsProposed);
        var forPolicy = await policy.ProposeAsync(proposals, cancellationToken);
        var forPeople = await people.ProposeAsync(proposals, cancellationToken);
        if (changesPolicy)
        {
            web.Logger.PolicyProposed(forPolicy?.Value ?? "nobody may, or somebody denied it not long ago");
        }

        if (changesPeople)
        {
            web.Logger.PeopleProposed(forPeople?.Value ?? "nobody may, or somebody denied it not long ago");
        }
    }
}

/// <summary>What one node's doors open onto.</summary>
internal sealed record NodeParts(
    CharterSource Charter,
    Keyring Keys,
    IStore Store,
    IArchive Archive,
    (PolicyChanges Policy, PeopleChanges People) Changes,
    ServerCertificate? Certificate);
