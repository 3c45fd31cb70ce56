using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// The built product with a target that masks: values that its server sends, and secrets in what an agent asks, are
/// in no byte that reaches the agent, Slack, a person, the log or a file.
/// </summary>
public sealed class RedactionTests : IAsyncLifetime
{
    private const string Mail = "joe.canary@acme.io";
    private const string Card = "4111 1111 1111 1111";
    private const string Pin = "pin-canary-5521";
    private const string Key = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

    private const string Masks =
        "redact: { response: [email, card, secrets], as: { card: tokenise } }, mask: [ { field: pin } ], ";

    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: reports
            reason: Reading a report changes nothing.
            when: action.operation == "read_report"
            then: allow
          - id: restarts
            reason: A restart interrupts customers.
            when: action.operation == "restart_service"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: chat

        """;

    private readonly StringBuilder _posted = new();
    private SlackWorld _slack = null!;
    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _slack = await SlackWorld.StartAsync(Cancel);
        _bench = await Bench.StartAsync(
            new ProductOptions
            {
                Policy = Policy,
                More = _slack.Configuration,
                Environment = SlackWorld.Variables,
                Ops = Masks + "credentials: { header: Authorization, value: env:OPS_TOKEN }",
            },
            Cancel);
        _bench.Upstream.Reply = (call, _) => Task.FromResult<UpstreamReply>(call.Tool == "read_report"
            ? new UpstreamReply.Structure(
                $$"""{"row":{"pin":"{{Pin}}","mail":"{{Mail}}","rest":"stays"},"note":"paid with {{Card}}"}""")
            : new UpstreamReply.ToolError($"could not reach {Mail} with {Key}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _slack.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_that_is_masked_reaches_an_agent_a_person_a_channel_the_log_or_a_file()
    {
        var told = new Dictionary<string, string>();
        await using (var client = await DotNetClient.ConnectAsync(
            _bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel))
        {
            var report = await client.Client.CallToolAsync(
                "read_report", new Dictionary<string, object?>(), cancellationToken: Cancel);
            told["the agent's result"] = JsonSerializer.Serialize(report);
            var calling = client.Client.CallToolAsync(
                "restart_service", new Dictionary<string, object?> { ["with"] = Key }, cancellationToken: Cancel);
            var held = await _bench.Alice.FindAsync("pending", Cancel);
            var id = held.GetProperty("id").GetString()!;
            told["a person's answer"] = held.GetRawText();
            told["the console"] = await ConsoleAsync(id);
            _posted.Append((await _slack.NextMessageAsync(Cancel)).ToJsonString());
            var card = JsonNode.Parse(_posted.ToString())!.AsObject();
            var approve = _slack.Press("U0ALICE", "approve", SlackWorld.ValueOf(card, "approve")!);
            await _slack.SendAsync(_bench.Product.Address, approve, Cancel);
            told["the agent's error"] = JsonSerializer.Serialize(await calling);
            _posted.Append((await _slack.NextMessageAsync(Cancel)).ToJsonString());
            told["a person's list"] = (await _bench.Alice.GetAsync("v1/actions", Cancel)).ToString();
            told["the end"] = (await _bench.Alice.ShowAsync(id, Cancel)).ToString();
        }

        told["Slack"] = _posted.ToString();
        await _bench.Product.StopAsync(Cancel);
        told["the log"] = _bench.Product.Log;
        foreach (var path in Directory.EnumerateFiles(Path.GetDirectoryName(_bench.Product.Folder.Database)!))
        {
            told[path] = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(path, Cancel));
        }

        Assert.Empty(
            from place in told
            from canary in (string[])[Mail, Card, Pin, Key]
            from form in FormsOf(canary)
            where place.Value.Contains(form, StringComparison.OrdinalIgnoreCase)
            select $"{form} in {place.Key}");
        // The control: what is not masked arrives, masks say what they are of, and the call went out as it was asked.
        Assert.Contains("stays", told["the agent's result"], StringComparison.Ordinal);
        Assert.Contains("[card ~", told["the agent's result"], StringComparison.Ordinal);
        Assert.Contains("countersign/masked", told["the agent's result"], StringComparison.Ordinal);
        Assert.Contains("could not reach [email] with [", told["the agent's error"], StringComparison.Ordinal);
        Assert.All(
            (string[])["a person's answer", "the console", "Slack"],
            place => Assert.Contains(" 40 chars #", told[place], StringComparison.Ordinal));
        Assert.Contains("1 value is hidden", told["Slack"], StringComparison.Ordinal);
        Assert.Contains(Key, _bench.Upstream.Calls[^1].Arguments, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_turned_back_for_the_agent_when_a_reviewer_agreed_and_for_nobody_else()
    {
        var read = await _bench.Agent.AskAsync("ops", "read_report", "{}", Cancel);
        var ended = await _bench.Agent.WaitForEndAsync(read.Id!, Cancel);
        var text = ended.Json.GetRawText();
        var token = text[(text.IndexOf("[card ~", StringComparison.Ordinal) + 7)..];
        token = token[..token.IndexOf(']', StringComparison.Ordinal)];

        var asked = await _bench.Agent.AskAsync(
            "countersign",
            "detokenise",
            JsonSerializer.Serialize(new { target = "ops", kind = "card", token }),
            Cancel);
        using var alice = new ConsoleVisitor(_bench.Product.Address);
        await alice.SignInAsync(ProductFolder.TokenOf("ALICE"), Cancel);
        var page = await alice.ReadAsync($"/console/actions/{asked.Id}", Cancel);

        Assert.Equal("pending", asked.State);
        Assert.Contains("A value that is masked for agents is handed to one.", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Card, page, StringComparison.Ordinal);
    }

    private async Task<string> ConsoleAsync(string id)
    {
        using var bob = new ConsoleVisitor(_bench.Product.Address);
        await bob.SignInAsync(ProductFolder.TokenOf("BOB"), Cancel);
        return await bob.ReadAsync("/console", Cancel) + await bob.ReadAsync($"/console/actions/{id}", Cancel);
    }

    private static string[] FormsOf(string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        return
        [
            value,
            Convert.ToHexString(bytes),
            Convert.ToBase64String(bytes).TrimEnd('='),
            string.Concat(value.Reverse()),
        ];
    }
}
