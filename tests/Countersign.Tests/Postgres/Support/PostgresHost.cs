using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Wire.Login;
using Countersign.Tests.Policies;
using Countersign.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Countersign.Tests.Postgres.Support;

/// <summary>
/// The gate on a real socket before a real database, over the real core and a store in memory. Agent <c>bot</c> has the
/// token <c>bot-token</c>; Alice and Bob are database owners.
/// </summary>
internal sealed class PostgresHost : IAsyncDisposable
{
    public const string Token = "bot-token-for-tests";

    /// <summary>Reads pass, writes need one of group:dba, DROP is denied, everything else needs group:dba.</summary>
    public const string Rules = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 15m } ], assurance: token } }
        rules:
          - id: reads
            when: action.gate == "postgres" && sql.read_only
            then: allow
          - id: no-drops
            reason: Nothing is dropped here.
            when: action.gate == "postgres" && "DROP" in sql.verbs
            then: deny
        """;

    public static readonly TargetName Orders = new("orders");
    public static readonly PersonId Alice = new("alice");

    private static readonly AgentId s_bot = new("bot");

    private readonly PostgresGate _gate;
    private readonly PostgresParts _parts;
    /// <summary>
    /// Longer than the product allows: what a busy machine delays is no finding of a test. Tests of what takes for ever
    /// wait for it.
    /// </summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(12);

    private readonly SqlParser _parser;
    private readonly PgQuery _query;
    private readonly Shapes _shapes;

    private volatile Policy _policy;

    private PostgresHost(
        string database, string rules, Func<PostgresTargetOptions, PostgresTargetOptions> target, TimeProvider time)
    {
        Database = database;
        Faults = new FaultyStore(Store);
        _policy = PolicyFixture.Loaded(rules, PeopleOf());
        var limits = new PostgresLimits { Analysis = s_patience };
        _query = new PgQuery(
            new PgQueryOptions(ServerProgram(), PgQueryLibrary.Find(Environment.GetEnvironmentVariable)!)
            {
                Time = s_patience,
            },
            TimeProvider.System);
        _parser = new SqlParser(_query, limits);
        _shapes = new Shapes(RandomNumberGenerator.GetBytes(16), limits);
        var execution = new ExecutionOptions(record => _gate!.FindExecutor(record))
        {
            FindRehearser = record => _gate!.FindRehearser(record),
        };
        Office = new Office(new OfficeOptions(Faults, () => Charter, execution)
        {
            Self = new NodeId("node"),
            Random = RandomNumberGenerator.Fill,
            Time = time,
        });
        var place = new NpgsqlConnectionStringBuilder(database);
        var secret = new KnownSecret(
            new AgentSecret.Scram(Gates.Postgres.Wire.Login.ScramVerifier.Derive(
                Token, 4096, RandomNumberGenerator.GetBytes(16))),
            new Asker(s_bot, OnBehalfOf: null));
        Options = new PostgresGateOptions(Office.Gatekeeper, () => Charter)
        {
            Limits = limits,
            Reads = Office.Reads,
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            FindSecrets = agent => agent == s_bot.Value ? [secret] : [],
            Stopped = Office.Agents.Stopped,
            Targets = new Dictionary<TargetName, PostgresTargetOptions>
            {
                [Orders] = target(new(
                    AddressOf(database), place.Database!, new RightsOptions.Static(database))),
            },
            ReviewUrl = id => ReviewUrl(id),
            NoteDelivery = _ => { },
            Random = RandomNumberGenerator.Fill,
            Time = time,
            Loggers = Log,
        };
        _parts = new PostgresParts("node", _shapes, _parser, _ => NullLogger.Instance);
        _gate = new PostgresGate(Options, _parts);
        StartApart(_gate);
    }

    /// <summary>How reads are recorded.</summary>
    public RecordMode Record { get; set; } = RecordMode.With;

    /// <summary>What is masked of what the target answers, for sessions that begin after this was set.</summary>
    public TargetRedaction Redaction { get; set; } = TargetRedaction.None;

    /// <summary>Where people look at an action; a test may let it fail.</summary>
    public Func<ActionId, Uri> ReviewUrl { get; set; } =
        static id => new Uri($"http://127.0.0.1/console/actions/{id}");

    /// <summary>What the gate logged of its own failures.</summary>
    public ErrorLog Log { get; } = new();

    /// <summary>The store as the office sees it.</summary>
    public FaultyStore Faults { get; }

    public MemoryStore Store { get; } = new(TimeProvider.System);

    public Office Office { get; }

    public PostgresGateOptions Options { get; }

    /// <summary>Connection string of a superuser, straight to the database.</summary>
    public string Database { get; }

    /// <summary>Connection string of the agent, through the gate.</summary>
    public string Agent => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = _gate.Address.Port,
        Username = s_bot.Value,
        Password = Token,
        Database = Orders.Value,
        Pooling = false,
        SslMode = Npgsql.SslMode.Disable,
        CommandTimeout = 60,
    }.ConnectionString;

    public Charter Charter => new()
    {
        People = PeopleOf(),
        Targets = ImmutableDictionary<TargetName, Target>.Empty.Add(
            Orders,
            new Target(Orders, GateKind.Postgres, "production") { Record = Record, Redaction = Redaction }),
        Policy = _policy.Hash,
        Reviewers = _policy.Reviewers,
        NeedsPreview = asking => _policy.NeedsPreview(PolicyInput.Of(asking, PeopleOf())),
        JudgesShapes = _policy.JudgesShapes,
        Judge = (asking, preview) => _policy.Judge(PolicyInput.Of(asking, PeopleOf()) with { Preview = preview }),
    };

    /// <summary>A database with a table <c>orders</c> of ten rows, and the gate before it.</summary>
    public static async Task<PostgresHost> StartAsync(
        PostgresServer server,
        string? rules = null,
        string setUp = "",
        bool isStatic = false,
        TimeProvider? time = null)
    {
        var (database, baseline) = await CreateAsync(await server.CreateDatabaseAsync(), setUp);
        var ephemeral = new RightsOptions.EphemeralRole(database) { Grants = [baseline], PoolSize = 2 };
        return new PostgresHost(
            database,
            rules ?? Rules,
            target => isStatic ? target : target with { Rights = ephemeral },
            time ?? TimeProvider.System);
    }

    /// <summary>The same with a database on a server of the test's own.</summary>
    /// <param name="database">Connection string of the superuser; it is empty.</param>
    /// <param name="target">What the gate is told of the target, from what it is by itself: static rights.</param>
    /// <param name="rules">The policy.</param>
    public static async Task<PostgresHost> StartAsync(
        string database, Func<PostgresTargetOptions, PostgresTargetOptions> target, string rules = Rules)
    {
        await CreateAsync(database, setUp: "");
        return new PostgresHost(database, rules, target, TimeProvider.System);
    }

    public static DatabaseAddress AddressOf(string database)
    {
        var place = new NpgsqlConnectionStringBuilder(database);
        return new DatabaseAddress { Host = place.Host!, Port = place.Port };
    }

    /// <summary>What every database of these tests has, and the role that may read it.</summary>
    private static async Task<(string Database, string Baseline)> CreateAsync(string database, string setUp)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var create = source.CreateCommand($"""
            CREATE TABLE orders (id int PRIMARY KEY, customer text, total numeric);
            INSERT INTO orders SELECT n, 'customer ' || n, n * 10 FROM generate_series(1, 10) AS n;
            {setUp}
            """);
        await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var baseline = "reader_" + new NpgsqlConnectionStringBuilder(database).Database;
        await using var role = source.CreateCommand(
            $"CREATE ROLE {baseline}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {baseline}");
        await role.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return (database, baseline);
    }

    /// <summary>The database as the gate itself understands it, for sessions that a test makes by hand.</summary>
    public Task<PostgresTarget> StartTargetAsync() => PostgresTarget.StartAsync(
        Orders, Options.Targets[Orders], Options, _parts, TestContext.Current.CancellationToken);

    /// <summary>Another policy is in force from here on.</summary>
    public void Enforce(string rules) => _policy = PolicyFixture.Loaded(rules, PeopleOf());

    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(Agent);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    public Task<(Asking? Asking, Problem? Problem)> CompleteAsync(
        Asking asked, CancellationToken cancellationToken) => _gate.CompleteAsync(asked, cancellationToken);

    /// <summary>The agent's statement over the API, as far as the gate takes it.</summary>
    /// <param name="arguments">JSON.</param>
    public async Task<(Asking? Asking, Problem? Problem)> ReadAsync(string arguments)
    {
        if (!CanonicalJson.TryCanonicalize(
            Encoding.UTF8.GetBytes(arguments), new JsonLimits(), out var canonical, out var refusal))
        {
            throw new ArgumentException(refusal.ToString(), nameof(arguments));
        }

        return await _gate.CompleteAsync(
            new Asking(
                new Asker(s_bot, OnBehalfOf: null),
                Charter.Targets[Orders],
                GateKind.Api,
                CanonicalAction.Of(Orders, "sql", canonical)),
            TestContext.Current.CancellationToken);
    }

    /// <summary>The same, through the gatekeeper.</summary>
    public async Task<Admission> AskAsync(string arguments)
    {
        var (asking, problem) = await ReadAsync(arguments);
        return asking is null
            ? throw new InvalidOperationException(problem!.Detail)
            : await Office.Gatekeeper.AdmitAsync(asking, TestContext.Current.CancellationToken);
    }

    /// <summary>What the database itself says, past the gate.</summary>
    public async Task<object?> AskDirectlyAsync(string text)
    {
        await using var source = NpgsqlDataSource.Create(Database);
        await using var command = source.CreateCommand(text);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until a statement like this waits for somebody else's lock.</summary>
    public async Task UntilBlockedAsync(string statement)
    {
        while (await AskDirectlyAsync($"""
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '{statement}'
            """) is 0L)
        {
            await Task.Yield();
        }
    }

    /// <summary>Waits until no session is open: the gate has noticed everybody who left.</summary>
    public async Task UntilQuietAsync()
    {
        while (_gate.Sessions > 0)
        {
            await Task.Yield();
        }
    }

    /// <summary>Waits until an action is in this state, and returns it.</summary>
    public Task<ActionRecord> UntilAsync(ActionState state) => UntilAsync(found => found == state);

    /// <summary>Waits until an action has ended, however.</summary>
    public Task<ActionRecord> UntilEndAsync() => UntilAsync(found => found.HasEnded());

    private async Task<ActionRecord> UntilAsync(Func<ActionState, bool> isMet)
    {
        using var changes = Store.Changes.Subscribe();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            if (Store.Actions.FirstOrDefault(row => isMet(row.State)) is { } found)
            {
                return (await Office.Gatekeeper.FindAsync(found.Id, limit.Token))!;
            }

            await changes.Reader.ReadAsync(limit.Token);
        }
    }

    public Task<DeskAnswer> DecideAsync(ActionRecord record, Decision decision, string? comment = null) =>
        Office.ReviewDesk.VoteAsync(
            record.Id,
            new Voter(Alice, Assurance.Session),
            new Ballot(decision, record.Action.Digest, comment),
            TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _gate.DisposeAsync();
        await _query.DisposeAsync();
        _shapes.Dispose();
    }

    /// <summary>
    /// Outside of the tests' own few threads: a test that computes for long would keep the gate from answering.
    /// </summary>
    private static void StartApart(PostgresGate gate)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            gate.Start();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>The server's own executable, which is built beside the tests.</summary>
    private static string ServerProgram() => Path.Combine(AppContext.BaseDirectory, "countersign");

    private static People PeopleOf() => new(
        [
            new Person(Alice, "Alice", [new GroupName("dba")], IsAdmin: false),
            new Person(new PersonId("bob"), "Bob", [new GroupName("dba")], IsAdmin: false),
            new Person(new PersonId("carol"), "Carol", [], IsAdmin: false),
        ],
        [new Agent(s_bot, Party.Parse("carol"))]);
}
