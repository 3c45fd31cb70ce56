using System.Net;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Mcp;

/// <summary>What sessions cost a node, and when they are let go.</summary>
public sealed class SessionsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private FakeServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.Add(FakeServer.Tool("write"));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_agents_idle_session_makes_room_for_its_new_one_and_comes_back_when_it_is_used()
    {
        await using var host = await StartAsync();
        using var first = await RawClient.OpenAsync(host);
        using var second = await RawClient.OpenAsync(host);
        using var third = await RawClient.OpenAsync(host);

        await _server.UntilAsync(request => request.Method == "DELETE");
        var pong = await first.AskAsync("ping");

        Assert.NotNull(pong["result"]);
        Assert.Equal(4, _server.Requests.Count(request => request.RpcMethod == "initialize"));
    }

    [Fact]
    public async Task An_agent_whose_sessions_are_all_busy_gets_no_further_one_but_another_agent_does()
    {
        await using var host = await StartAsync();
        using var first = await RawClient.OpenAsync(host);
        using var second = await RawClient.OpenAsync(host);
        using var held = await first.PostAsync(RawClient.Request(1, "tools/call", """{"name":"write"}"""));
        using var alsoHeld = await second.PostAsync(RawClient.Request(1, "tools/call", """{"name":"write"}"""));

        using var mine = new RawClient(host.Endpoint);
        using var refused = await mine.PostAsync(
            RawClient.Request(0, "initialize", """{"protocolVersion":"2025-11-25"}"""));
        using var other = await RawClient.OpenAsync(host, token: "other-token");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    [Fact]
    public async Task A_session_is_not_idle_because_its_last_request_began_long_ago()
    {
        var time = new SweepClock();
        await using var sessions = SessionsOf(time);
        var begun = await sessions.BeginAsync(Ticket(), Options, TestContext.Current.CancellationToken);
        var (id, session, _) = begun!.Value;
        RpcMessage.TryRead("""{"jsonrpc":"2.0","id":1,"method":"ping"}"""u8.ToArray(), out var ping);
        var stream = new ClientStream(new DefaultHttpContext().Response, takesEvents: true);
        var exchange = new Exchange((RpcMessage.Request)ping!, stream);
        Assert.True(session.TryBegin(exchange));

        time.Advance(TimeSpan.FromMinutes(20));
        session.End(exchange);
        time.Advance(TimeSpan.FromMinutes(2));
        var used = sessions.Find(id, Visitor());
        time.Advance(TimeSpan.FromMinutes(20));

        Assert.Same(session, used);
        Assert.NotSame(session, sessions.Find(id, Visitor()));
    }

    [Fact]
    public async Task A_session_that_was_let_go_executes_nothing_and_one_that_executes_is_not_let_go()
    {
        await using var sessions = SessionsOf(new SweepClock());
        var begun = await sessions.BeginAsync(Ticket(), Options, TestContext.Current.CancellationToken);
        var session = begun!.Value.Session;
        var answer = new TaskCompletionSource<Outcome>();
        var done = new Outcome(OutcomeState.Succeeded, Result: null, Error: null, TimeSpan.Zero);

        var executing = session.TryServeAsync(_ => answer.Task);
        var whileBusy = session.TryLetGo();
        answer.SetResult(done);
        var outcome = await executing;
        var whenIdle = session.TryLetGo();
        var late = await session.TryServeAsync(_ => throw new InvalidOperationException("It was let go."));

        Assert.Equal((false, true), (whileBusy, whenIdle));
        Assert.Same(done, outcome);
        Assert.Null(late);
    }

    [Fact]
    public async Task All_sessions_say_goodbye_at_once_when_the_node_stops()
    {
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goodbyes = 0;
        _server.Intercept = async (context, _) =>
        {
            if (context.Request.Method != "DELETE")
            {
                return false;
            }

            if (Interlocked.Increment(ref goodbyes) == 2)
            {
                both.TrySetResult();
            }

            await both.Task;
            return true;
        };
        // Under this clock no goodbye is ever given up.
        var sessions = SessionsOf(new SweepClock());
        await sessions.BeginAsync(Ticket(), Options, TestContext.Current.CancellationToken);
        await sessions.BeginAsync(Ticket(), Options, TestContext.Current.CancellationToken);

        await sessions.DisposeAsync().AsTask()
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal(2, goodbyes);
    }

    [Fact]
    public void A_stream_that_comes_after_its_session_ended_ends_too()
    {
        var mailbox = new Mailbox(capacity: 1);
        mailbox.Dispose();

        Assert.True(mailbox.TakeOver().IsCancellationRequested);
    }

    [Fact]
    public void An_id_is_the_same_however_its_characters_are_escaped()
    {
        ReadOnlyMemory<byte> plain = "\"a+b/\u00e9\""u8.ToArray();
        ReadOnlyMemory<byte> escaped = Encoding.UTF8.GetBytes("\"a\\u002Bb\\/\\u00E9\"");

        Assert.True(RpcId.TryRead(plain, out var one));
        Assert.True(RpcId.TryRead(escaped, out var other));

        Assert.Equal(one, other);
    }

    private McpOptions Options => field ??= new McpOptions(new McpUpstream.Http(_server.Address, Credential: null));

    private Task<GateHost> StartAsync() => GateHost.StartAsync(
        new McpUpstream.Http(_server.Address, Credential: null), limits: new McpLimits { SessionsPerAgent = 2 });

    private static McpSessions SessionsOf(TimeProvider time)
    {
        var limits = new McpLimits();
        var seal = new SessionSeal(new byte[32], RandomNumberGenerator.Fill);
        return new McpSessions(seal, new Upstreams(limits, time, NullLogger.Instance), limits, time);
    }

    private static SessionTicket Ticket() => new(Asker, GateHost.Ops, "2025-11-25")
    {
        ClientName = "test",
        ClientVersion = "1",
        Capabilities = "{}"u8.ToArray(),
        Issued = s_start,
    };

    private Visitor Visitor() => new(Asker, new Target(GateHost.Ops, GateKind.Mcp, "production"), Options);

    private static Asker Asker => new(new AgentId("bot"), null);

    /// <summary>Stands still until it is moved, and then wakes the sweeper and no other timer.</summary>
    private sealed class SweepClock : TimeProvider
    {
        private readonly List<Action> _sweepers = [];
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public override DateTimeOffset GetUtcNow() => s_start.AddTicks(_now);

        public void Advance(TimeSpan by)
        {
            _now += by.Ticks;
            _sweepers.ForEach(sweep => sweep());
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (period > TimeSpan.Zero)
            {
                _sweepers.Add(() => callback(state));
            }

            return new Silent();
        }

        private sealed class Silent : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
