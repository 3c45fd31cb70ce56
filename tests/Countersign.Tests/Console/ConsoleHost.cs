using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Server.Channels;
using Countersign.Server.Console;
using Countersign.Server.Console.Sessions;
using Countersign.Server.SignIn;
using Countersign.Tests.Identity.Passkeys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Console;

/// <summary>
/// The console on a real socket over a store in memory. Alice, Bob and Carol are database owners, Dora watches; the
/// agent
/// <c>deploy-bot</c> belongs to Alice. Every request needs one database owner unless the test says otherwise.
/// </summary>
internal sealed class ConsoleHost : IAsyncDisposable
{
    private static readonly byte[] s_passkeyKey = "a key of this ledger"u8.ToArray();

    private readonly WebApplication _app;
    private readonly TimeProvider _time;

    private ConsoleHost(TimeProvider time, ConsoleOptions options, ChannelSettings? channels)
    {
        _time = time;
        Store = new ConsoleStore(time);
        Charter = People();
        Office = new Office(new OfficeOptions(Store, () => Charter, new ExecutionOptions(_ => ExecuteAsync)
        {
            FindRehearser = record => record.Gate == GateKind.Postgres ? RehearseAsync : null,
        })
        {
            Self = new NodeId("test"),
            Random = RandomNumberGenerator.Fill,
            Time = time,
            Limits = new Limits { PendingPerAgent = 1000, ReviewsPerAgentPerMinute = 1000 },
            Passkeys = new PasskeyOptions
            {
                Party = () => TestAuthenticator.Party,
                Ledger = "example.org/ledger",
                Key = s_passkeyKey,
            },
            BreakGlass = new BreakGlassOptions(GlassCodes(() => Store.Now)),
            Channels = channels?.Names ?? [],
        });
        _app = Build(options, channels);
    }

    public ConsoleStore Store { get; }

    public Charter Charter { get; set; }

    public Office Office { get; }

    /// <summary>What targets answer.</summary>
    public Outcome Outcome { get; set; } =
        new(OutcomeState.Succeeded, "{\"dropped\":1}"u8.ToArray(), Error: null, TimeSpan.Zero);

    /// <summary>What a dry run of a statement finds.</summary>
    public RehearsalFinding Finding { get; set; } = new() { Commands = ["DELETE 3"], Rows = 3 };

    /// <summary>What the gate finds out about changed arguments.</summary>
    public Preview? Revised { get; set; }

    public OneTimeLinks Links => _app.Services.GetRequiredService<OneTimeLinks>();

    public Uri Address => new(_app.Urls.First());

    public T Service<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public static async Task<ConsoleHost> StartAsync(
        TimeProvider? time = null, ConsoleOptions? options = null, ChannelSettings? channels = null)
    {
        var host = new ConsoleHost(
            time ?? TimeProvider.System, options ?? new ConsoleOptions { AcceptsOneTimeLinks = true }, channels);
        await host._app.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    /// <summary>A code with which whoever runs the server vouches for a person's first passkey.</summary>
    public static string CodeFor(string person) =>
        new EnrolmentCodes(s_passkeyKey, TimeProvider.System.GetUtcNow, RandomNumberGenerator.Fill)
            .Create(new PersonId(person), admin: null);

    public Browser Open() => new(Address);

    /// <summary>What makes and reads the codes of custodians.</summary>
    public static BreakGlassCodes GlassCodes(Func<DateTimeOffset> now) =>
        new("another key of this ledger"u8.ToArray(), now, RandomNumberGenerator.Fill);

    /// <summary>A browser in which somebody signed in by the token <c>NAME-token</c>.</summary>
    public async Task<Browser> OpenForAsync(string person)
    {
        var browser = Open();
        using var answer = await browser.PostAsync("/console/sign-in", ("token", $"{person}-token"));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return browser;
    }

    /// <summary>A browser in which somebody signed in with assurance <c>session</c>.</summary>
    public async Task<Browser> OpenWithSessionAsync(string person)
    {
        var browser = Open();
        var code = Links.Create(new PersonId(person), TimeSpan.FromMinutes(5));
        using var answer = await browser.PostAsync($"/console/sign-in/{code}");
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return browser;
    }

    public void MakeAdmin(string admin) => Charter = Charter with
    {
        People = new People(
            Charter.People.Persons.Select(person => person with { IsAdmin = person.Id.Value == admin }),
            Charter.People.Agents),
    };

    public void MakeGlassBreaker(string breaker) => Charter = Charter with
    {
        People = new People(
            Charter.People.Persons.Select(person => person with { MayBreakGlass = person.Id.Value == breaker }),
            Charter.People.Agents),
    };

    /// <summary>A request of the agent; through the API, so that this node executes it once it is approved.</summary>
    public async Task<ActionRecord> AskAsync(Ask ask)
    {
        Assert.True(CanonicalJson.TryCanonicalize(
            System.Text.Encoding.UTF8.GetBytes(ask.Arguments), JsonLimits.Default, out var arguments, out _));
        var target = Charter.Targets[new TargetName(ask.Target)];
        var asking = new Asking(
            new Asker(new AgentId("deploy-bot"), ask.OnBehalfOf is { } person ? new PersonId(person) : null),
            target,
            GateKind.Api,
            CanonicalAction.Of(target.Name, ask.Operation, arguments))
        {
            Claimed = Claimed.Of(ask.Reason, ask.Session),
            Facts = ask.Facts,
            Previewer = ask.Preview is { } preview ? (_, _) => Task.FromResult(preview) : null,
        };
        return await Office.Gatekeeper.AdmitAsync(asking, TestContext.Current.CancellationToken) switch
        {
            Admission.Held held => held.Record,
            Admission.Granted granted => granted.Record,
            Admission.Refused refused => refused.Record,
            var other => throw new InvalidOperationException($"Not expected: {other}"),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    public static Requirement Need(string rule, string reason, params Stage[] stages) => new(
        new RuleId(rule), reason, [.. stages], Assurance.Token, [], Bounds.None, GrantTerms.Default);

    public static Stage Of(string party, int need) => new([Party.Parse(party)], need, TimeSpan.FromMinutes(15), []);

    /// <summary>Makes every request need these requirements.</summary>
    public void Require(params Requirement[] requirements) => Charter = Charter with
    {
        Judge = (_, _) => new Verdict(
            VerdictOutcome.Require,
            [.. requirements.Select(requirement => new MatchedRule(requirement.Rule, requirement.Reason))],
            [.. requirements],
            Charter.Policy),
    };

    private static Charter People()
    {
        var policy = PolicyHash.Of("test"u8);
        var requirement = Need(
            "production-writes", "Changes to production data need a database owner.", Of("group:dba", 1));
        return new Charter
        {
            People = new People(
                [
                    PersonOf("alice", "Alice Liddell", "dba"),
                    PersonOf("bob", "Bob Sawyer", "dba", "oncall"),
                    PersonOf("carol", "Carol Danvers", "dba"),
                    PersonOf("dora", "Dora Marsden"),
                ],
                [new Agent(new AgentId("deploy-bot"), Party.Parse("alice"))]),
            Targets = new[]
            {
                new Target(new TargetName("ops"), GateKind.Mcp, "production"),
                new Target(new TargetName("orders-db"), GateKind.Postgres, "production"),
                new Target(new TargetName("stage"), GateKind.Http, "staging"),
                new Target(new TargetName("sandbox"), GateKind.Mcp, "development"),
                new Target(new TargetName("vault"), GateKind.Mcp, "production") { VisibleToReviewersOnly = true },
            }.ToImmutableDictionary(target => target.Name),
            Policy = policy,
            Reviewers = [Party.Parse("group:dba")],
            Judge = (_, _) => new Verdict(
                VerdictOutcome.Require, [new MatchedRule(requirement.Rule, requirement.Reason)], [requirement], policy),
        };
    }

    private static Person PersonOf(string id, string name, params string[] groups) =>
        new(new PersonId(id), name, [.. groups.Select(group => new GroupName(group))], IsAdmin: false);

    private Task<RehearsalFinding> RehearseAsync(ActionRecord record, CancellationToken cancellationToken) =>
        Task.FromResult(Finding);

    private WebApplication Build(ConsoleOptions options, ChannelSettings? channels)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services
            .AddSingleton(Office.Gatekeeper)
            .AddSingleton(Office.ReviewDesk)
            .AddSingleton(Office.Rehearsals)
            .AddSingleton(Office.Revisions)
            .AddSingleton<CompleteAsking>((asked, _) => Task.FromResult<(Asking?, Problem?)>((
                asked with { Previewer = Revised is { } preview ? (_, _) => Task.FromResult(preview) : null }, null)))
            .AddSingleton<RevisionReader>()
            .AddSingleton(Office.Reveals)
            .AddSingleton(new CardMask(() => Charter, new RedactionKey(new byte[RedactionKey.Length])))
            .AddSingleton(Office.Agents)
            .AddSingleton(Office.Passkeys)
            .AddSingleton(Office.BreakGlass)
            .AddSingleton<IStore>(Store)
            .AddSingleton<IArchive>(Store)
            .AddSingleton<Func<Charter>>(() => Charter)
            .AddSingleton<Authenticate>((shown, _) => ValueTask.FromResult(Authenticate(shown.Token!)))
            .AddSingleton(new SignInWays())
            .AddSingleton(_time)
            .AddSingleton<ProviderHttp>()
            .AddSingleton<FillRandom>(RandomNumberGenerator.Fill)
            .AddConsole(options);
        builder.Services
            .AddSingleton<Func<ActionId, Uri>>(id => new Uri($"http://console.test/console/actions/{id}"))
            .AddSingleton<IsRegistered>((_, _) => true)
            .AddChannels(channels ?? new ChannelSettings(), new byte[32], _ => Address);
        // Tests run the outboxes themselves.
        foreach (var delivery in builder.Services
            .Where(service => service.ImplementationType == typeof(ChannelDelivery)).ToList())
        {
            builder.Services.Remove(delivery);
        }

        var app = builder.Build();
        app.MapConsole();
        app.MapChannels();
        return app;
    }

    private Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken) =>
        Task.FromResult(Outcome);

    private static Caller? Authenticate(string token) => token switch
    {
        "deploy-bot-token" => new Caller.OfAgent(new Asker(new AgentId("deploy-bot"), null)),
        "alice-token" or "bob-token" or "carol-token" or "dora-token" =>
            new Caller.OfPerson(new Voter(new PersonId(token[..^"-token".Length]), Assurance.Token)),
        _ => null,
    };
}

/// <summary>What the agent asks in a test.</summary>
internal sealed record Ask
{
    public string Target { get; init; } = "ops";

    public string Operation { get; init; } = "drop_table";

    public string Arguments { get; init; } = """{"table":"orders"}""";

    public string? Reason { get; init; }

    public string? Session { get; init; }

    public string? OnBehalfOf { get; init; }

    public Facts Facts { get; init; } = Facts.None;

    public Preview? Preview { get; init; }
}
