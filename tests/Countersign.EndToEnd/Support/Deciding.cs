using System.Net;
using System.Text.Json.Nodes;

namespace Countersign.EndToEnd.Support;

/// <summary>A way by which people decide.</summary>
public enum Route
{
    Api,
    Console,
    Slack,
    CommandLine,
}

/// <summary>A product with every route open, and people who decide over any of them.</summary>
public sealed class Deciding : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: restarts
            reason: A restart interrupts customers.
            when: action.operation == "restart_service"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token
          - id: rotations
            reason: A database owner looks at keys.
            when: action.operation == "rotate_key"
            then:
              require:
                stages: [ { of: group:dba, need: 1, within: 30m } ]
                assurance: token
          - id: pairs
            reason: Two of the platform team have to agree.
            when: action.operation == "move_money"
            then:
              require:
                stages: [ { of: group:platform, need: 2, within: 30m } ]
                assurance: token

        """;

    private readonly Dictionary<string, ConsoleVisitor> _visitors = [];

    internal SlackWorld Slack { get; private set; } = null!;

    internal Bench Bench { get; private set; } = null!;

    internal Product Product => Bench.Product;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Slack = await SlackWorld.StartAsync(Cancel);
        Bench = await Bench.StartAsync(
            new ProductOptions
            {
                Policy = Policy,
                More = Slack.Configuration,
                Environment = SlackWorld.Variables,
            },
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var visitor in _visitors.Values)
        {
            visitor.Dispose();
        }

        await Bench.DisposeAsync();
        await Slack.DisposeAsync();
    }

    /// <summary>Approves by a route what is expected to be refused; what the person is told.</summary>
    internal async Task<string> ApproveInVainAsync(Route route, string name, ApiAnswer held)
    {
        switch (route)
        {
            case Route.Api:
                var answer = await Product.As(name).VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
                return answer.Text("detail") ?? answer.ToString();
            case Route.Console:
                return await (await VisitAsync(name)).VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
            case Route.Slack:
                Assert.Equal(HttpStatusCode.OK, await ClickAsync("U0" + name, held));
                return await Slack.NextReplyAsync(Cancel);
            default:
                return (await RunAsync(name, held)).Errors;
        }
    }

    /// <summary>Approves by a route, and it is recorded.</summary>
    internal async Task ApproveAsync(Route route, string name, ApiAnswer held)
    {
        switch (route)
        {
            case Route.Api:
                var answer = await Product.As(name).VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
                Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
                break;
            case Route.Console:
                var told = await (await VisitAsync(name)).VoteAsync(held.Id!, "approve", held.Digest!, Cancel);
                Assert.Contains("Your approval is recorded", told, StringComparison.Ordinal);
                break;
            case Route.Slack:
                Assert.Equal(HttpStatusCode.OK, await ClickAsync("U0" + name, held));
                break;
            default:
                var run = await RunAsync(name, held);
                Assert.True(run.ExitCode == 0, run.ToString());
                break;
        }
    }

    internal async Task<ConsoleVisitor> VisitAsync(string name)
    {
        if (!_visitors.TryGetValue(name, out var visitor))
        {
            visitor = new ConsoleVisitor(Product.Address);
            Assert.Equal(
                HttpStatusCode.SeeOther, await visitor.SignInAsync(ProductFolder.TokenOf(name), Cancel));
            _visitors[name] = visitor;
        }

        return visitor;
    }

    /// <summary>A click on Approve, as Slack would send it from a card about this revision.</summary>
    internal Task<HttpStatusCode> ClickAsync(string user, ApiAnswer held) => SendAsync(PressOf(user, held));

    internal JsonObject PressOf(string user, ApiAnswer held) => Slack.Press(
        user, "approve", $"{held.Id}.{held.Json.GetProperty("revision").GetInt32()}.{held.Digest}");

    internal Task<HttpStatusCode> SendAsync(JsonObject payload) => Slack.SendAsync(Product.Address, payload, Cancel);

    private Task<ProgramResult> RunAsync(string name, ApiAnswer held) => Product.RunAsync(
        name, Cancel, "action", "approve", held.Id!, "--digest", held.Digest!);
}
