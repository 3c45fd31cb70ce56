using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Channels.Teams;
using Countersign.Tests.Console;
using Countersign.Tests.Support;

namespace Countersign.Tests.Channels.Teams;

/// <summary>
/// The Teams channel between a console with its people and the double of Teams. Alice, Bob, Carol and Dora have their
/// accounts; the outbox runs when a test says so.
/// </summary>
internal sealed class TeamsHost : IAsyncDisposable
{
    private static readonly string[] Everybody = ["alice", "bob", "carol", "dora"];

    private readonly HttpClient _http = new();

    private TeamsHost(ManualTime time, TeamsDouble teams, ConsoleHost console) =>
        (Time, Teams, Console) = (time, teams, console);

    public ManualTime Time { get; }

    public TeamsDouble Teams { get; }

    public ConsoleHost Console { get; }

    public ChannelHealth Health => Console.Service<TeamsOutbox>().Health;

    public Uri Endpoint => new(Console.Address, "/channels/teams/messages");

    /// <summary>The card in the channel.</summary>
    public JsonObject Card => CardOf(Teams.Thread);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="slack">A second channel beside it.</param>
    /// <param name="persons">Who has an account; <c>null</c> takes everybody.</param>
    public static async Task<TeamsHost> StartAsync(SlackOptions? slack = null, string[]? persons = null)
    {
        var time = new ManualTime();
        var teams = await TeamsDouble.StartAsync(time, Cancel);
        var accounts = (persons ?? Everybody).ToImmutableDictionary(
            name => TeamsAccount.Parse($"{TeamsDouble.Tenant}/{TeamsDouble.EntraOf(name)}").InChannel,
            name => new PersonId(name));
        if (slack is not null)
        {
            accounts = accounts.AddRange(Everybody.Select(name => KeyValuePair.Create(
                SlackAccount.Parse($"T0123/U0{name.ToUpperInvariant()}").InChannel, new PersonId(name))));
        }

        var channels = new ChannelSettings { Teams = OptionsFor(teams), Slack = slack, Accounts = accounts };
        var host = new TeamsHost(time, teams, await ConsoleHost.StartAsync(time, channels: channels));
        host.Require(need: 1, Assurance.Chat);
        return host;
    }

    public static TeamsOptions OptionsFor(TeamsDouble teams) => new(
        TeamsDouble.AppId, TeamsDouble.AppPassword, Guid.Parse(TeamsDouble.Tenant))
    {
        TeamChannel = TeamsDouble.Channel,
        Metadata = new Uri(teams.Address, "/metadata"),
        TokenAddress = new Uri(teams.Address, "/token"),
        Services = [new Uri(teams.ServiceUrl)],
    };

    /// <summary>Makes every request need some database owners, by this proof at least.</summary>
    public void Require(int need, Assurance assurance) => Console.Require(
        ConsoleHost.Need("production-writes", "Changes need a database owner.", ConsoleHost.Of("group:dba", need))
            with { Assurance = assurance });

    public Task<ActionRecord> AskAsync(string arguments = """{"table":"orders"}""") =>
        Console.AskAsync(new Ask { Arguments = arguments });

    /// <summary>Asks, and brings the card to Teams.</summary>
    public async Task<ActionRecord> AskShownAsync(string arguments = """{"table":"orders"}""")
    {
        var record = await AskAsync(arguments);
        await DeliverAsync();
        return record;
    }

    public Task<bool> DeliverAsync() => Console.Service<TeamsOutbox>().DeliverAsync(Cancel);

    public async Task<ActionRecord> FindAsync(ActionRecord record) =>
        (await Console.Office.Gatekeeper.FindAsync(record.Id, Cancel))!;

    /// <summary>The action when the node that took it has executed it.</summary>
    public async Task<ActionRecord> EndOfAsync(ActionRecord record) =>
        (await Console.Office.Gatekeeper.WaitForEndAsync(record.Id, TimeSpan.FromSeconds(30), Cancel))!;

    /// <summary>Presses an action of the card in the channel, with what was typed.</summary>
    public Task<TeamsReception> PressAsync(string name, string verb, params (string Id, string Text)[] inputs) =>
        PressAsync(name, Card, verb, inputs);

    /// <summary>Presses an action of any card.</summary>
    public Task<TeamsReception> PressAsync(
        string name, JsonObject card, string verb, params (string Id, string Text)[] inputs)
    {
        var data = ActionsOf(card).Single(action => action["verb"]!.GetValue<string>() == verb)["data"]!
            .DeepClone().AsObject();
        foreach (var (id, text) in inputs)
        {
            data[id] = text;
        }

        return SendAsync(Teams.Invoke(name, verb, data));
    }

    public Task<TeamsReception> SendAsync(JsonObject activity) =>
        SendAsync(activity, Teams.Signer.Sign(Teams.Claims(Time.GetUtcNow())));

    public async Task<TeamsReception> SendAsync(JsonObject activity, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint)
        {
            Content = new StringContent(activity.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _http.SendAsync(request, Cancel);
        return new TeamsReception(answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    public static JsonObject CardOf(JsonObject message) => message["attachments"]![0]!["content"]!.AsObject();

    public static string[] VerbsOf(JsonObject card) =>
        [.. ActionsOf(card).Select(action => action["verb"]!.GetValue<string>())];

    public static IEnumerable<JsonObject> ActionsOf(JsonObject card) => card["body"]!.AsArray()
        .Where(element => element!["type"]!.GetValue<string>() == "ActionSet")
        .SelectMany(element => element!["actions"]!.AsArray())
        .Select(action => action!.AsObject());

    /// <summary>Everything that a card says, a line for each paragraph.</summary>
    public static string TextOf(JsonObject card) => string.Join('\n', ParagraphsOf(card["body"]!.AsArray()));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Console.DisposeAsync();
        await Teams.DisposeAsync();
    }

    private static IEnumerable<string> ParagraphsOf(JsonArray elements) => elements.SelectMany(
        element => element!["type"]!.GetValue<string>() switch
        {
            "Container" => ParagraphsOf(element["items"]!.AsArray()),
            "RichTextBlock" => [string.Concat(element["inlines"]!.AsArray().Select(run => (string)run!["text"]!))],
            _ => [],
        });
}

/// <summary>What Teams was answered.</summary>
internal sealed record TeamsReception(HttpStatusCode Status, string Body)
{
    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

    public string Type => Json["type"]!.GetValue<string>();

    /// <summary>The card that the person sees now.</summary>
    public JsonObject Card
    {
        get
        {
            Assert.Equal(
                (HttpStatusCode.OK, 200, "application/vnd.microsoft.card.adaptive"),
                (Status, Json["statusCode"]!.GetValue<int>(), Type));
            return Json["value"]!.AsObject();
        }
    }

    /// <summary>The sentence that the person sees.</summary>
    public string Said
    {
        get
        {
            Assert.Equal(
                (HttpStatusCode.OK, 200, "application/vnd.microsoft.activity.message"),
                (Status, Json["statusCode"]!.GetValue<int>(), Type));
            return Json["value"]!.GetValue<string>();
        }
    }
}
