using System.Text;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Gates.Credentials;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Model;

/// <summary>
/// Real sessions of the gate, with real understanding, policy and people, between clients that say what a walk wants
/// and modelled databases.
/// </summary>
internal sealed class ModelGate : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly PostgresHost _host;
    private readonly PostgresTarget _target;
    private readonly ModelDatabase _database = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Task _deciding;

    private ModelGate(PostgresHost host, PostgresTarget target)
    {
        (_host, _target) = (host, target);
        _deciding = DecideAsync();
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<ModelGate> StartAsync(PostgresServer server)
    {
        var host = await PostgresHost.StartAsync(server, Vocabulary.Rules, isStatic: true);
        return new ModelGate(host, await host.StartTargetAsync());
    }

    /// <summary>What is wrong with how one connection went, from its beginning to its end.</summary>
    public async Task<IReadOnlyList<string>> WhatIsWrongAsync(Walk walk) => [.. walk.WhatIsWrong(await GoAsync(walk))];

    /// <summary>A shorter walk that breaks the same rule, as far as leaving letters out finds one.</summary>
    public async Task<string> ShowAsync(Walk walk, string wrong)
    {
        for (var count = walk.Letters.Count / 2; count > 0; count /= 2)
        {
            for (var at = 0; at < walk.Letters.Count - 1;)
            {
                var shorter = walk.Without(at, count);
                var still = (await WhatIsWrongAsync(shorter)).FirstOrDefault(one => one[..2] == wrong[..2]);
                (walk, wrong, at) = still is null ? (walk, wrong, at + count) : (shorter, still, at);
            }
        }

        return $"{walk}\n{wrong}";
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _deciding;
        _over.Dispose();
        _database.Dispose();
        await _target.DisposeAsync();
        await _host.DisposeAsync();
    }

    private async Task<Walked> GoAsync(Walk walk)
    {
        var server = new ModelServer(ModelPolicy.Behind(IsExecuted));
        var serving = _database.ServeAsync(server, Cancelled);
        var connection = await DatabaseLogin.ConnectAsync(
            new DatabaseLoginOptions
            {
                Address = _database.Address, Database = "orders", User = "agent", Password = new Secret("none"),
            },
            Cancelled);
        await using var stream = new ScriptedClient(walk.Pieces());
        using var reader = new WireReader(stream);
        using var writer = new WireWriter(stream);
        var client = new Gates.Postgres.Client(reader, writer);
        var backend = new Backend(connection, client, _host.Options.Limits);
        var state = new SessionState(Seat(), client, backend, _host.Options)
        {
            CancelStatement = static () => { },
            CancelsHeard = static () => Task.CompletedTask,
        };
        stream.BeforePiece = Saboteur.For(walk.Bug, state);
        var end = await RunAsync(state);
        await connection.DisposeAsync();
        await serving.WaitAsync(s_patience, Cancelled);
        return new Walked(server, stream.Heard, end);
    }

    /// <summary>How it ended, if not because the client said so.</summary>
    private static async Task<string?> RunAsync(SessionState state)
    {
        try
        {
            await using var session = new PostgresSession(state);
            await session.RunAsync(Cancelled).WaitAsync(s_patience, Cancelled);
            return state.IsLost ? "the session gave up its connection" : null;
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            return $"{broken.GetType().Name}: {broken.Message}";
        }
    }

    private Seat Seat()
    {
        var asker = new Asker(new AgentId("bot"), OnBehalfOf: null);
        var target = _host.Options.Charter().FindTarget(PostgresHost.Orders, asker.Agent)!;
        var lease = new Lease(new LeaseKey(new RoleName("agent"), Generation: 0), new Secret("none"));
        return new Seat(new Visitor(asker, target, _target), lease);
    }

    private bool IsExecuted(string text) => _host.Store.StoredActions.Any(
        stored => stored.Row.State == ActionState.Executing
            && Encoding.UTF8.GetString(stored.Request.Span).Contains(text, StringComparison.Ordinal));

    /// <summary>Alice agrees to one statement and to nothing else.</summary>
    private async Task DecideAsync()
    {
        using var changes = _host.Store.Changes.Subscribe();
        try
        {
            while (true)
            {
                var change = await changes.Reader.ReadAsync(_over.Token);
                if (change.State != ActionState.Pending)
                {
                    continue;
                }

                var record = (await _host.Office.Gatekeeper.FindAsync(change.Id, _over.Token))!;
                var arguments = Encoding.UTF8.GetString(record.Action.Arguments.Bytes.Span);
                await _host.DecideAsync(record, arguments.Contains(Vocabulary.Approved, StringComparison.Ordinal)
                    ? Decision.Approve
                    : Decision.Deny);
            }
        }
        catch (OperationCanceledException)
        {
            // The model is done.
        }
    }
}

/// <summary>What a connection came to.</summary>
/// <param name="Server">What its database saw.</param>
/// <param name="Heard">What its client heard.</param>
/// <param name="Broken">Why it ended before the client left; <c>null</c> when it did not.</param>
internal sealed record Walked(ModelServer Server, byte[] Heard, string? Broken);
