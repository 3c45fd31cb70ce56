using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Wire.Login;
using Countersign.Server.Configuration;
using Npgsql;
using Registered = Countersign.Server.Rosters.Registered;

namespace Countersign.Server.Hosting;

/// <summary>Runs the PostgreSQL gate as long as the server runs, if the configuration has one.</summary>
internal sealed class PostgresHosting : IHostedService, IAsyncDisposable
{
    private const int ShapeKeyLength = 16;

    private readonly PostgresSettings _settings;
    private readonly ServerCertificate? _certificate;
    private readonly IServiceProvider _services;
    private readonly Settings _all;

    /// <summary>Deliveries that are being noted; stopping waits for them.</summary>
    private readonly ConcurrentDictionary<Task, bool> _noting = new();

    /// <summary>Whose secrets these are, and the secrets; replaced as one.</summary>
    private volatile Tuple<Registered?, Dictionary<string, IReadOnlyList<KnownSecret>>> _secrets =
        Tuple.Create<Registered?, Dictionary<string, IReadOnlyList<KnownSecret>>>(null, []);

    private PostgresGate? _gate;
    private PgQuery? _parser;
    private Shapes? _shapes;

    /// <exception cref="ConfigurationException">The certificate cannot be used, or a library is missing.</exception>
    public PostgresHosting(IServiceProvider services, Settings settings)
    {
        (_services, _all, _settings) = (services, settings, settings.Postgres!);
        _certificate = _settings.Tls is { } tls ? ServerCertificate.Load(tls) : null;
        Library = PgQueryLibrary.Find(Environment.GetEnvironmentVariable)
            ?? throw new ConfigurationException(PgQueryLibrary.Missing);
    }

    /// <summary>Where it listens while the server runs.</summary>
    public IPEndPoint Address => _gate!.Address;

    private string Library { get; }

    /// <summary>Who executes a statement that nobody waits for; <c>null</c> for actions of other gates.</summary>
    public ActionExecutor? FindExecutor(ActionRecord action) => _gate?.FindExecutor(action);

    /// <summary>Who runs a statement and takes it back; <c>null</c> for actions of other gates.</summary>
    public ActionRehearser? FindRehearser(ActionRecord action) => _gate?.FindRehearser(action);

    /// <summary>A request over the API for a target of this gate, with what its statement does.</summary>
    public Task<(Asking? Asking, Problem? Problem)> CompleteAsync(Asking asked, CancellationToken cancellationToken) =>
        _gate?.CompleteAsync(asked, cancellationToken) ?? Task.FromResult<(Asking?, Problem?)>((
            null, new Problem(503, "unavailable", "The PostgreSQL gate of this server does not run now.")));

    /// <summary>Who can ask a database what became of a transaction; <c>null</c> for actions of other gates.</summary>
    public ExecutionProver? FindProver(ActionRecord action) => _gate?.FindProver(action);

    /// <exception cref="ConfigurationException">The address cannot be listened on.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var time = _services.GetRequiredService<TimeProvider>();
        var loggers = _services.GetRequiredService<ILoggerFactory>();
        var limits = new PostgresLimits { Statement = (int)_all.Limits.Statement };
        _parser = new PgQuery(new PgQueryOptions(Environment.ProcessPath!, Library), time);
        _shapes = new Shapes(RandomNumberGenerator.GetBytes(ShapeKeyLength), limits);
        _gate = new PostgresGate(
            OptionsOf(limits, time, loggers),
            new PostgresParts(
                Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(sizeof(ulong))),
                _shapes,
                new SqlParser(_parser, limits),
                name => loggers.CreateLogger($"Countersign.Gates.Postgres.{name}")));
        try
        {
            _gate.Start();
        }
        catch (SocketException failure)
        {
            throw new ConfigurationException(
                $"The PostgreSQL gate cannot listen on {_settings.Listen}: {failure.Message} " +
                "Stop what uses the port, or set 'postgres.listen' to an address of this machine and a port that may " +
                "be used.");
        }

        loggers.CreateLogger<PostgresHosting>().PostgresListening(_gate.Address);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_gate is { } gate)
        {
            _gate = null;
            await gate.DisposeAsync();
        }

        await Task.WhenAll(_noting.Keys).WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await (_parser?.DisposeAsync() ?? ValueTask.CompletedTask);
        _shapes?.Dispose();
    }

    private PostgresGateOptions OptionsOf(PostgresLimits limits, TimeProvider time, ILoggerFactory loggers)
    {
        var office = _services.GetRequiredService<Office>();
        var charter = _services.GetRequiredService<CharterSource>();
        return new PostgresGateOptions(office.Gatekeeper, _services.GetRequiredService<Func<Charter>>())
        {
            Reads = office.Reads,
            Listen = _settings.Listen,
            Tls = _certificate is null
                ? null
                : new AgentTls(
                    _certificate.Certificate,
                    _certificate.Chain,
                    _all.Identified.TakesCertificates ? time.GetUtcNow : null),
            ShowsIssuedTokens = agent => charter.Registered.Identities.Values.Any(identity =>
                identity is IdentitySettings.OfAgent { Agent: var known }
                && known.Value == agent && identity.Subject.Issuer != Subject.Certificate),
            Authenticate = _services.GetRequiredService<Authenticate>(),
            FindSecrets = agent => SecretsOf(charter.Registered).GetValueOrDefault(agent) ?? [],
            Stopped = office.Agents.Stopped,
            Targets = _all.Targets
                .Where(target => target.Database is not null)
                .ToDictionary(target => target.Target.Name, target => OptionsOf(target.Database!)),
            ReviewUrl = _services.GetRequiredService<Func<ActionId, Uri>>(),
            NoteDelivery = record => NoteDelivery(office.Gatekeeper, record),
            Random = RandomNumberGenerator.Fill,
            Time = time,
            Loggers = loggers,
            Limits = limits,
        };
    }

    private static PostgresTargetOptions OptionsOf(PostgresTargetSettings settings)
    {
        var upstream = new NpgsqlConnectionStringBuilder(settings.Upstream);
        RightsOptions rights = settings.Mode == RightsMode.Static
            ? new RightsOptions.Static(settings.Admin)
            : new RightsOptions.EphemeralRole(settings.Admin) { Grants = settings.Grants, Owner = settings.Owner };
        return new PostgresTargetOptions(
            new DatabaseAddress
            {
                Host = upstream.Host!,
                Port = upstream.Port,
                SslMode = Enum.Parse<Gates.Postgres.Wire.Login.SslMode>(upstream.SslMode.ToString(), ignoreCase: true),
                RootCertificate = upstream.RootCertificate,
            },
            upstream.Database!,
            rights)
        {
            Resolver = settings.Resolver,
        };
    }

    /// <summary>Made once for each roster: the gate knows whose secret it was by the object that proved it.</summary>
    private Dictionary<string, IReadOnlyList<KnownSecret>> SecretsOf(Registered registered)
    {
        var (of, secrets) = _secrets;
        if (!ReferenceEquals(of, registered))
        {
            secrets = registered.Tokens.OfType<TokenSettings.OfAgent>()
                .GroupBy(token => token.Asker.Agent.Value, StringComparer.Ordinal)
                .ToDictionary(
                    agent => agent.Key,
                    IReadOnlyList<KnownSecret> (agent) =>
                        [.. agent.Select(token => new KnownSecret(SecretOf(token.Secret), token.Asker))],
                    StringComparer.Ordinal);
            _secrets = Tuple.Create((Registered?)registered, secrets);
        }

        return secrets;
    }

    private static AgentSecret SecretOf(TokenSecret secret) => secret switch
    {
        TokenSecret.Scram scram => VerifierOf(scram),
        TokenSecret.Hashed { Verifier: { } derived } => VerifierOf(derived),
        TokenSecret.Hashed { Hash: var hash } => new AgentSecret.Hashed(Convert.FromHexString(hash)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static AgentSecret.Scram VerifierOf(TokenSecret.Scram scram) =>
        new(new Gates.Postgres.Wire.Login.ScramVerifier(
            scram.Iterations, scram.Salt, scram.StoredKey, scram.ServerKey));

    /// <summary>
    /// Notes a delivery beside what the session does next; until then the outcome is only read by id.
    /// </summary>
    private void NoteDelivery(Gatekeeper gatekeeper, ActionRecord record)
    {
        var noting = NoteAsync(gatekeeper, record);
        if (!noting.IsCompleted)
        {
            _noting[noting] = true;
            _ = noting.ContinueWith(
                done => _noting.TryRemove(done, out var _),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    private static async Task NoteAsync(Gatekeeper gatekeeper, ActionRecord record)
    {
        try
        {
            await gatekeeper.DeliveredInPassingAsync(record, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // The note is for the record's readers only: no statement is ever answered with another one's outcome.
        }
    }
}
