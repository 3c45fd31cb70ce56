using System.Collections.Immutable;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp;
using Countersign.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Mcp;

/// <summary>
/// The gate on a real socket, over the real core and a store in memory. Tools whose name starts with <c>write</c> need
/// one approval of <c>group:dba</c>, those with <c>drop</c> are denied, everything else is allowed.
/// </summary>
internal sealed class GateHost : IAsyncDisposable
{
    public static readonly TargetName Ops = new("ops");
    public static readonly PersonId Alice = new("alice");

    private static readonly PolicyHash s_policy = PolicyHash.Of("test"u8);
    private static readonly RuleId s_writes = new("writes");

    private readonly TimeProvider _time;
    private readonly WebApplication _app;
    private readonly McpGate _gate;
    private readonly Lock _lock = new();
    private TaskCompletionSource _quiet = new();
    private int _running;

    private GateHost(
        McpUpstream upstream,
        Func<McpOptions, McpOptions>? change,
        MemoryStore? store,
        McpLimits? limits,
        TimeProvider time)
    {
        _time = time;
        Store = store ?? new MemoryStore(time);
        var options = new McpOptions(upstream);
        Options = change?.Invoke(options) ?? options;
        var execution = new ExecutionOptions(record => _gate!.FindExecutor(record));
        Office = new Office(new OfficeOptions(Store, () => Charter, execution)
        {
            Self = new NodeId("node"),
            Random = RandomNumberGenerator.Fill,
            Time = time,
            Tokens = OfficeBench.TokenKey,
        });
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddMcpGate(_ => OptionsOfGate(limits ?? new McpLimits()));
        _app = builder.Build();
        _gate = _app.Services.GetRequiredService<McpGate>();
        _app.Use(CountAsync);
        _app.MapMcpGate();
    }

    public MemoryStore Store { get; }

    public Office Office { get; }

    public McpOptions Options { get; }

    public Party? Reviewers { get; set; } = Party.Parse("group:dba");

    /// <summary>What an approval is bound to.</summary>
    public Bounds Bounds { get; set; } = Bounds.None;

    /// <summary>Judges instead of the rules above when set.</summary>
    public Policy? Policy { get; set; }

    public Uri Address { get; private set; } = null!;

    public Uri Endpoint => new(Address, "/mcp/ops");

    /// <summary>A request as the API hands it over.</summary>
    public Asking AskOverApi(string tool)
    {
        var target = Charter.Targets[Ops];
        var action = CanonicalAction.Of(Ops, tool, new CanonicalObject().ToCanonicalJson());
        var asking = new Asking(new Asker(new AgentId("bot"), null), target, GateKind.Api, action);
        return asking with { Previewer = _gate.FindPreviewer(asking) };
    }

    private Charter Charter => new()
    {
        People = new People(
            [
                new Person(Alice, "Alice", [new GroupName("dba")], IsAdmin: false),
                new Person(new PersonId("bob"), "Bob", [new GroupName("dba")], IsAdmin: false),
            ],
            [
                new Agent(new AgentId("bot"), Party.Parse("carol")),
                new Agent(new AgentId("other"), Party.Parse("carol")),
            ]),
        Targets = ImmutableDictionary<TargetName, Target>.Empty.Add(
            Ops, new Target(Ops, GateKind.Mcp, "production") { Reviewers = Reviewers }),
        Policy = s_policy,
        Reviewers = [Party.Parse("group:dba")],
        NeedsPreview = asking => Policy?.NeedsPreview(InputOf(asking)) == true,
        Judge = (asking, preview) =>
            Policy?.Judge(InputOf(asking) with { Preview = preview }) ?? Judge(asking, preview),
    };

    public static async Task<GateHost> StartAsync(
        McpUpstream upstream,
        Func<McpOptions, McpOptions>? change = null,
        MemoryStore? store = null,
        McpLimits? limits = null,
        TimeProvider? time = null)
    {
        var host = new GateHost(upstream, change, store, limits, time ?? TimeProvider.System);
        await host._app.StartAsync();
        var address = host._app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        host.Address = new Uri(address);
        return host;
    }

    public static Task<GateHost> StartAsync(
        FakeServer server, Func<McpOptions, McpOptions>? change = null, MemoryStore? store = null) =>
        StartAsync(new McpUpstream.Http(server.Address, Credential()), change, store);

    /// <summary>Waits until the store holds an action in the given state, and returns it.</summary>
    public async Task<ActionRecord> UntilAsync(ActionState state, Func<ActionRow, bool>? which = null)
    {
        using var changes = Store.Changes.Subscribe();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            if (Store.Actions.FirstOrDefault(row => row.State == state && which?.Invoke(row) != false) is { } found)
            {
                return (await Office.Gatekeeper.FindAsync(found.Id, limit.Token))!;
            }

            await changes.Reader.ReadAsync(limit.Token);
        }
    }

    /// <summary>Waits until no request is being answered: the gateway has noticed everybody who left.</summary>
    public async Task UntilQuietAsync()
    {
        Task quiet;
        lock (_lock)
        {
            quiet = _running == 0 ? Task.CompletedTask : _quiet.Task;
        }

        await quiet.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public async Task<ActionRecord> DecideAsync(Decision decision, string? comment = null, PersonId? by = null)
    {
        var pending = await UntilAsync(ActionState.Pending);
        var answer = await Office.ReviewDesk.VoteAsync(
            pending.Id,
            new Voter(by ?? Alice, Assurance.Session),
            new Ballot(decision, pending.Action.Digest, comment),
            TestContext.Current.CancellationToken);
        return Assert.IsType<DeskAnswer.Recorded>(answer).Record;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        lock (_lock)
        {
            _running++;
        }

        try
        {
            await next(context);
        }
        finally
        {
            lock (_lock)
            {
                if (--_running == 0)
                {
                    _quiet.TrySetResult();
                    _quiet = new TaskCompletionSource();
                }
            }
        }
    }

    private PolicyInput InputOf(Asking asking) => PolicyInput.Of(asking, Charter.People);

    /// <summary>The standing credential of the target.</summary>
    public static McpCredential Credential() =>
        new("Authorization", _ => ValueTask.FromResult("Bearer target-secret"));

    private McpGateOptions OptionsOfGate(McpLimits limits) =>
        new(Office.Gatekeeper, Office.Definitions, () => Charter)
        {
            Authenticate = (shown, _) => ValueTask.FromResult(shown.Token is { } token ? WhoIs(token) : null),
            DryRun = Office.DryRun,
            ReviewDesk = Office.ReviewDesk,
            Stopped = Office.Agents.Stopped,
            Target = name => name == Ops ? Options : null,
            ReviewUrl = id => new Uri($"http://127.0.0.1/actions/{id}"),
            PublicUrl = new Uri("http://127.0.0.1"),
            SessionKey = new byte[32],
            Random = RandomNumberGenerator.Fill,
            Time = _time,
            Loggers = NullLoggerFactory.Instance,
            Limits = limits,
        };

    private static Caller? WhoIs(string token) => token switch
    {
        "bot-token" => new Caller.OfAgent(new Asker(new AgentId("bot"), null)),
        "other-token" => new Caller.OfAgent(new Asker(new AgentId("other"), null)),
        "alice-token" => new Caller.OfPerson(new Voter(Alice, Assurance.Token)),
        _ => null,
    };

    private Verdict Judge(Asking asking, Preview? preview)
    {
        var tool = asking.Action.Operation;
        return tool switch
        {
            _ when tool.StartsWith("drop", StringComparison.Ordinal) => new Verdict(
                VerdictOutcome.Deny,
                [new MatchedRule(new RuleId("no-drops"), "Nothing is dropped here.")],
                [],
                s_policy),
            _ when tool.StartsWith("write", StringComparison.Ordinal) => new Verdict(
                VerdictOutcome.Require, [new MatchedRule(s_writes, "Writes need a look.")], [NeedsOne], s_policy),
            _ => new Verdict(
                VerdictOutcome.Allow, [new MatchedRule(new RuleId("reads"), "Reads are fine.")], [], s_policy),
        };
    }

    private Requirement NeedsOne => new(
        s_writes,
        "Writes need a look.",
        [new Stage([Party.Parse("group:dba")], Need: 1, TimeSpan.FromMinutes(30), Escalate: [])],
        Assurance.Session,
        DistinctFrom: [],
        Bounds,
        GrantTerms.Default);
}
