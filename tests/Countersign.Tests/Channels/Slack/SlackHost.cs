using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;
using Countersign.Tests.Console;
using Countersign.Tests.Support;

namespace Countersign.Tests.Channels.Slack;

/// <summary>
/// The Slack channel between a console with its people and Slack's double. <c>U0ALICE</c>, <c>U0BOB</c>, <c>U0CAROL</c>
/// and <c>U0DORA</c> are theirs; the outbox runs when a test says so.
/// </summary>
internal sealed class SlackHost : IAsyncDisposable
{
    private readonly HttpClient _http = new();

    private SlackHost(ManualTime time, SlackDouble slack, ConsoleHost console) =>
        (Time, Slack, Console, Delivery) = (time, slack, console, new SlackDelivery(time));

    public ManualTime Time { get; }

    public SlackDouble Slack { get; }

    public ConsoleHost Console { get; }

    public SlackDelivery Delivery { get; }

    public ChannelHealth Health => Console.Service<ChannelHealth>();

    public Uri Endpoint => new(Console.Address, "/channels/slack/interactions");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<SlackHost> StartAsync(bool usesSocket = false)
    {
        var time = new ManualTime();
        var slack = await SlackDouble.StartAsync(time, Cancel);
        var options = new SlackOptions(SlackDouble.BotToken, SlackDouble.Channel)
        {
            SigningSecret = SlackDouble.Secret,
            AppToken = usesSocket ? SlackDouble.AppToken : null,
            BaseUrl = slack.BaseUrl,
        };
        var channels = new ChannelSettings
        {
            Slack = options,
            Accounts = new[] { "alice", "bob", "carol", "dora" }.ToImmutableDictionary(
                name => SlackAccount.Parse($"{SlackDouble.Team}/U0{name.ToUpperInvariant()}").InChannel,
                name => new PersonId(name)),
        };
        var host = new SlackHost(time, slack, await ConsoleHost.StartAsync(time, channels: channels));
        host.Require(need: 1, Assurance.Chat);
        return host;
    }

    /// <summary>Makes every request need some database owners, by this proof at least.</summary>
    public void Require(int need, Assurance assurance) => Console.Require(
        ConsoleHost.Need("production-writes", "Changes need a database owner.", ConsoleHost.Of("group:dba", need))
            with { Assurance = assurance });

    public Task<ActionRecord> AskAsync(string arguments = """{"table":"orders"}""") =>
        Console.AskAsync(new Ask { Arguments = arguments });

    /// <summary>Asks, and brings the card to Slack.</summary>
    public async Task<ActionRecord> AskShownAsync(string arguments = """{"table":"orders"}""")
    {
        var record = await AskAsync(arguments);
        await DeliverAsync();
        return record;
    }

    public Task<bool> DeliverAsync() => Console.Service<SlackOutbox>().DeliverAsync(Cancel);

    public async Task<ActionRecord> FindAsync(ActionRecord record) =>
        (await Console.Office.Gatekeeper.FindAsync(record.Id, Cancel))!;

    /// <summary>The action when the node that took it has executed it.</summary>
    public async Task<ActionRecord> EndOfAsync(ActionRecord record) =>
        (await Console.Office.Gatekeeper.WaitForEndAsync(record.Id, TimeSpan.FromSeconds(30), Cancel))!;

    /// <summary>The value of a button as it stands in the channel.</summary>
    public string? ValueOf(string verb) => ButtonsOf(Slack.Message)
        .SingleOrDefault(button => button["action_id"]!.GetValue<string>() == verb)?["value"]?.GetValue<string>();

    public static IEnumerable<JsonObject> ButtonsOf(JsonObject message) => message["blocks"]!.AsArray()
        .Where(block => block!["type"]!.GetValue<string>() == "actions")
        .SelectMany(block => block!["elements"]!.AsArray())
        .Select(button => button!.AsObject());

    /// <summary>Everything that a message says, in its order.</summary>
    public static string TextOf(JsonObject message) => string.Join('\n', message["blocks"]!.AsArray()
        .SelectMany(block => new[] { block!["text"] }
            .Concat(block["fields"]?.AsArray() ?? [])
            .Concat(block["type"]!.GetValue<string>() == "context" ? block["elements"]!.AsArray() : []))
        .Select(text => text?["text"]?.GetValue<string>())
        .OfType<string>());

    /// <summary>Presses a button of the message as it stands in the channel.</summary>
    public Task<SlackReception> PressAsync(string user, string verb) =>
        SendAsync(Slack.Press(user, verb, ValueOf(verb)!));

    public Task<SlackReception> SendAsync(JsonObject payload) => SendAsync(
        SlackDouble.Sign(payload, Endpoint, Time.GetUtcNow()));

    public async Task<SlackReception> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            var began = Time.GetUtcNow();
            using var answer = await _http.SendAsync(request, Cancel);
            var body = await answer.Content.ReadAsStringAsync(Cancel);
            Assert.InRange(Time.GetUtcNow() - began, TimeSpan.Zero, SlackDouble.Patience);
            Slack.Take(body);
            return new SlackReception(answer.StatusCode, body);
        }
    }

    /// <summary>Has Slack deliver an interaction by its own rules, with retries.</summary>
    public Task<IReadOnlyList<SlackAttempt>> DeliverAsync(JsonObject payload) =>
        Delivery.DeliverAsync(payload, Endpoint, Cancel);

    /// <inheritdoc cref="DeliverAsync(JsonObject)"/>
    public Task<int> DeliverAsync(JsonObject payload, SlackConnection connection) =>
        Delivery.DeliverAsync(payload, connection, Cancel);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        Delivery.Dispose();
        await Console.DisposeAsync();
        await Slack.DisposeAsync();
    }
}

/// <summary>What Slack was answered.</summary>
internal sealed record SlackReception(HttpStatusCode Status, string Body);
