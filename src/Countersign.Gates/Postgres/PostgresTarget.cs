using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Preview;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Wire.Login;
using Npgsql;

namespace Countersign.Gates.Postgres;

/// <summary>
/// One database behind this gate: what understands statements for it, and the rights that sessions get.
/// </summary>
internal sealed class PostgresTarget : IAsyncDisposable
{
    private readonly PostgresTargetOptions _options;
    private readonly PostgresLimits _limits;
    private readonly Analyser _analyser;
    private readonly NpgsqlDataSource _previews;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _sweeping;

    private PostgresTarget(
        PostgresTargetOptions options,
        IRights rights,
        GateLogins logins,
        PostgresGateOptions gate,
        PostgresParts parts)
    {
        _options = options;
        _limits = gate.Limits;
        Rights = rights;
        _analyser = new Analyser(new AnalyserOptions(logins.Analyst) { Patience = gate.Limits.Analysis }, gate.Time);
        _previews = NpgsqlDataSource.Create(logins.Counter);
        Statements = new StatementReader(
            parts.Shapes, parts.Parser, new FormReader(_analyser), gate.Limits, gate.Time);
        Previews = new Previews(new PreviewOptions(_previews, gate.Limits)
        {
            Write = parts.Parser.DeparseAsync,
        });
        _sweeping = rights.RunAsync(_over.Token);
    }

    public StatementReader Statements { get; }

    public Previews Previews { get; }

    public IRights Rights { get; }

    /// <summary>Whether values of a type that somebody made are plain texts on the wire.</summary>
    public bool IsText(uint type) => _analyser.IsText(type);

    /// <exception cref="RightsException">The roles for its sessions cannot be made.</exception>
    /// <exception cref="NpgsqlException">The database cannot be reached.</exception>
    public static async Task<PostgresTarget> StartAsync(
        TargetName name,
        PostgresTargetOptions options,
        PostgresGateOptions gate,
        PostgresParts parts,
        CancellationToken cancellationToken)
    {
        IRights rights = options.Rights switch
        {
            RightsOptions.EphemeralRole ephemeral => await EphemeralRights.StartAsync(
                ephemeral, parts.Node, gate.Time, parts.LogOf(name), cancellationToken),
            RightsOptions.Static once => await StaticRights.StartAsync(once, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        return new PostgresTarget(
            options, rights, await LoginsOfAsync(options, cancellationToken), gate, parts);
    }

    /// <summary>
    /// A configured resolver is asked under the name it was given; where roles are made, nobody has to be strong.
    /// </summary>
    private static async Task<GateLogins> LoginsOfAsync(
        PostgresTargetOptions options, CancellationToken cancellationToken) => options switch
    {
        { Resolver: { } resolver } => new GateLogins(resolver, resolver),
        { Rights: RightsOptions.EphemeralRole ephemeral } => await GateLogins.EnsureAsync(ephemeral, cancellationToken),
        { Rights: RightsOptions.Static once } => new GateLogins(once.ConnectionString, once.ConnectionString),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>A connection for one session, under a lease of its own.</summary>
    /// <exception cref="DatabaseLoginException">The database lets us not in.</exception>
    public Task<DatabaseConnection> ConnectAsync(
        Lease lease, AgentParameters wanted, CancellationToken cancellationToken) => DatabaseLogin.ConnectAsync(
        new DatabaseLoginOptions
        {
            Address = _options.Address,
            Database = _options.Database,
            User = lease.Login,
            Password = lease.Password,
            Parameters = wanted.Settings,
            Limits = _limits,
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _sweeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
        await _analyser.DisposeAsync();
        await _previews.DisposeAsync();
        await Rights.DisposeAsync();
    }
}
