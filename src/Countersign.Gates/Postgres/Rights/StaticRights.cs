using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Gates.Credentials;
using Countersign.Gates.Postgres.Statements;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// <c>mode: static</c>, where roles cannot be made: every session has the rights of one configured login, before and
/// after an approval. The gate is then the only thing that holds an agent back.
/// </summary>
internal sealed class StaticRights : IRights
{
    private const string GrantNote =
        "The target's credentials are static: the session has the rights of its login, and an approval adds none.";

    private readonly NpgsqlDataSource _source;
    private readonly RoleName _login;
    private readonly Secret _password;

    private StaticRights(NpgsqlDataSource source, RoleName login, Secret password)
    {
        _source = source;
        _login = login;
        _password = password;
    }

    public ImmutableArray<string> Warnings { get; private set; } = [];

    public int PendingRevocations => 0;

    public static async Task<StaticRights> StartAsync(
        RightsOptions.Static options, CancellationToken cancellationToken)
    {
        var text = new NpgsqlConnectionStringBuilder(options.ConnectionString) { SearchPath = "pg_catalog" };
        var login = new RoleName(text.Username ?? throw new RightsException(
            "The connection string of credentials.mode: static names no user. Add Username=… to it."));
        var rights = new StaticRights(NpgsqlDataSource.Create(text), login, new Secret(text.Password ?? ""));
        try
        {
            rights.Warnings = await rights.FindWarningsAsync(cancellationToken);
            return rights;
        }
        catch
        {
            await rights.DisposeAsync();
            throw;
        }
    }

    public Task<Lease> LeaseAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new Lease(new LeaseKey(_login, Generation: 0), _password));

    public Task ReturnAsync(Lease lease, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<ActionGrant> GrantAsync(
        Lease lease,
        ImmutableArray<RelationUse> rights,
        bool needsOwner,
        ActionId action,
        CancellationToken cancellationToken) =>
        Task.FromResult(new ActionGrant(lease.Key, number: 0, roles: [], _ => Task.CompletedTask)
        {
            Note = GrantNote,
        });

    public string? SettlementOf(Lease lease) => null;

    public Task SettleOwnershipAsync(Lease lease, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<TransactionFate> FateOfAsync(ulong xid, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenLiveAsync(cancellationToken);
        return await TransactionEvidence.FateOfAsync(connection, xid, cancellationToken);
    }

    public Task<Swept> SweepAsync(CancellationToken cancellationToken) => Task.FromResult(default(Swept));

    public Task RunAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>Nothing is refused here: the one login has to be able to do all that is ever approved.</summary>
    private async Task<ImmutableArray<string>> FindWarningsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenLiveAsync(cancellationToken);
        return
        [
            GrantNote,
            .. await new RoleAudit(facts: null).FindAsync(
                connection, _login, "credentials.mode: static", foreign: null, cancellationToken),
            .. await RightsWarnings.FindAsync(connection, [_login.Value], cancellationToken),
        ];
    }
}
