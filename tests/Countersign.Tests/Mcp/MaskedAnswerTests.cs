using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp;
using Countersign.Tests.Support;
using Microsoft.AspNetCore.Http;
using JsonPath = Countersign.Core.Redaction.Structured.JsonPath;

namespace Countersign.Tests.Mcp;

/// <summary>What a server says of masked values reaches neither the agent nor the record.</summary>
[Trait("Threat", "THR-098"), Trait("CWE", "200")]
public sealed class MaskedAnswerTests : IAsyncLifetime
{
    private const string Ssn = "536-22-8173";
    private const string Mail = "joe.doe@acme.io";

    private FakeServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeServer.StartAsync();
        _server.Tools.AddRange(new[] { "read", "write", "count" }.Select(
            name => FakeServer.Tool(name, $"Ask {Mail} about it.")));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    public static TheoryData<string> Answers =>
    [
        """{"content":[{"type":"text","text":"CANARY"}]}""",
        """{"content":[{"type":"text","text":"before\nCANARY\nafter"}],"isError":true}""",
        """{"content":[{"type":"text","text":"{\"ssn\":\"x\",\"note\":\"CANARY\"}"}]}""",
        """{"content":[{"type":"text","text":" [{\"a\":{\"b\":[\"CANARY\"]}}]"}]}""",
        """{"content":[{"type":"text","text":"{\"inner\":\"{\\\"note\\\":\\\"CANARY\\\"}\"}"}]}""",
        """{"content":[],"structuredContent":{"rows":[{"note":"CANARY"}]}}""",
        """{"content":[],"structuredContent":{"CANARY":1}}""",
        """{"content":[],"structuredContent":{},"structuredContent":{"note":"CANARY"}}""",
        """{"content":[{"type":"resource","resource":{"uri":"file:///a","text":"CANARY"}}]}""",
        """{"content":[{"type":"resource","resource":{"uri":"file:///a","blob":"BASE64","mimeType":"text/plain"}}]}""",
        """{"content":[{"type":"resource_link","uri":"file:///CANARY","name":"CANARY","description":"of CANARY"}]}""",
        """{"content":[{"type":"image","data":"BASE64","mimeType":"image/png"}]}""",
        """{"content":[{"type":"text","text":"x","annotations":{"said":"CANARY"}}]}""",
        """{"content":[{"type":"text","text":"x","_meta":{"said":"CANARY"}}]}""",
        """{"content":[{"type":"text","text":"x"}],"_meta":{"said":"CANARY"}}""",
        """{"content":[{"type":"text","text":"x"}],"extra":{"deep":["CANARY"]}}""",
        """{"content":[{"type":"text","text":"x"}],"CANARY":1}""",
        """{"content":"CANARY"}""",
        """{"content":[{"type":"text","text":"ESCAPED"}]}""",
    ];

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_result_is_masked_wherever_it_holds_the_value(string answer)
    {
        foreach (var value in (string[])[Ssn, Mail])
        {
            _server.Call = _ => Fill(answer, value);
            await using var host = await StartAsync();
            using var client = await RawClient.OpenAsync(host);

            var got = (await client.CallAsync("read")).ToJsonString();
            var kept = Encoding.UTF8.GetString(OutcomeOf(host).Result!.Value.Span);

            Assert.All((string[])[got, kept], text => AssertHides(value, text));
            Assert.NotEmpty(OutcomeOf(host).Masked.Counts);
        }
    }

    [Fact]
    public async Task Rules_about_fields_and_paths_are_about_documents_in_texts_and_in_structured_content()
    {
        _server.Call = _ =>
            """
            {"content":[{"type":"text","text":"{\"badge\":7,\"holder\":{\"pin\":\"0000\"},\"free\":1}"}],
             "structuredContent":{"badge":7,"holder":{"pin":"0000"},"free":1}}
            """;
        var fields = FieldRules.Of(
            new FieldRule.Named("badge", Treatment.Redact),
            new FieldRule.AtPath(JsonPath.Parse("$.holder.pin"), Treatment.Drop));
        await using var host = await StartAsync(new TargetRedaction(Values: null, fields));
        using var client = await RawClient.OpenAsync(host);

        var got = await client.CallAsync("read");

        const string expected = """{"badge":"[field]","holder":{"pin":""},"free":1}""";
        Assert.Equal(expected, RawClient.TextOf(got));
        Assert.Equal(expected, got["structuredContent"]!.ToJsonString());
    }

    [Fact]
    public async Task The_result_and_the_record_say_how_many_of_which_kind_are_masked_and_nobody_else_can_say_it()
    {
        _server.Call = _ =>
            $$$"""
            {"content":[{"type":"text","text":"{{{Mail}}} and a@acme.io, {{{Ssn}}}"}],
             "_meta":{"countersign/masked":{"none":0},"kept":1}}
            """;
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);

        var got = await client.CallAsync("read");

        Assert.Equal(
            """{"kept":1,"countersign/masked":{"email":2,"us-ssn":1}}""", got["_meta"]!.ToJsonString());
        Assert.Equal("2 email, 1 us-ssn", OutcomeOf(host).Masked.ToString());
    }

    [Fact]
    public async Task What_is_not_sensitive_arrives_byte_for_byte_and_without_a_report()
    {
        const string answer =
            """{"content":[{"type":"text","text":"\u00e9  1.50"},{"type":"image","data":"iVBORw0="}],"n":1.50e3}""";
        _server.Call = _ => answer;
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);

        using var response = await client.PostAsync(RawClient.Request(
            9, "tools/call", """{"name":"read","arguments":{}}"""));

        Assert.Contains(
            answer, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_surrogate_pair_does_not_carry_a_value_past_the_mask()
    {
        _server.Call = _ => Fill("""{"content":[{"type":"text","text":"\ud800 CANARY"}]}""", Ssn);
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);

        using var response = await client.PostAsync(RawClient.Request(
            9, "tools/call", """{"name":"read","arguments":{}}"""));

        AssertHides(Ssn, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("your api_key: \\\"q7Zp2LxV9rTkW4mNs8Yd\\\"")]
    [InlineData("set password=q7Zp2LxV9rTkW4mNs8Yd first")]
    [InlineData("{\\\"api_key\\\":\\\"q7Zp2LxV9rTkW4mNs8Yd\\\"}")]
    public async Task A_secret_that_prose_calls_one_is_masked(string text)
    {
        _server.Call = _ => Fill($$"""{"content":[{"type":"text","text":"{{text}}"}]}""", Ssn);
        await using var host = await StartAsync(new TargetRedaction(
            RedactionPlan.Create(new RedactionOptions { Kinds = DataKinds.Named("secrets") }), FieldRules.None));
        using var client = await RawClient.OpenAsync(host);

        var got = (await client.CallAsync("read")).ToJsonString();

        AssertHides("q7Zp2LxV9rTkW4mNs8Yd", got);
        Assert.Contains("[assigned-secret]", got, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_protocol_error_is_masked_for_the_agent_and_in_the_record()
    {
        _server.TakeCall = (context, message) => FakeServer.WriteAsync(
            context,
            $$$"""
            {"jsonrpc":"2.0","id":{{{message["id"]!.ToJsonString()}}},
             "error":{"code":-32000,"message":"no row for {{{Ssn}}}","data":{"mail":"{{{Mail}}}"} } }
            """);
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);

        var got = (await client.AskAsync("tools/call", """{"name":"read","arguments":{}}""")).ToJsonString();

        var error = OutcomeOf(host).Error!;
        Assert.Contains("no row for [us-ssn]", error, StringComparison.Ordinal);
        Assert.All((string[])[got, error], text => AssertHides(Ssn, text));
        AssertHides(Mail, got);
    }

    [Theory]
    [InlineData("resources/read", """{"contents":[{"uri":"file:///a","text":"CANARY"}]}""")]
    [InlineData("resources/list", """{"resources":[{"uri":"file:///a","name":"CANARY"}]}""")]
    [InlineData("prompts/get", """{"messages":[{"role":"user","content":{"type":"text","text":"CANARY"}}]}""")]
    [InlineData("completion/complete", """{"completion":{"values":["CANARY"]}}""")]
    public async Task Answers_to_other_requests_are_masked_as_well(string method, string answer)
    {
        _server.Methods[method] = _ => Fill(answer, Ssn);
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);

        var got = await client.AskAsync(method, """{"uri":"file:///a","name":"a"}""");

        AssertHides(Ssn, got.ToJsonString());
        Assert.Contains("[us-ssn]", got.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Definitions_of_tools_pass_as_they_are()
    {
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);

        var tools = await client.AskAsync("tools/list");

        Assert.Contains($"Ask {Mail} about it.", tools.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Notifications_and_questions_of_the_server_are_masked_on_their_way()
    {
        _server.TakeCall = async (context, message) =>
        {
            await SayAsync(context, "notifications/progress", $$"""{"progressToken":1,"message":"at {{Ssn}}"}""");
            await SayAsync(
                context, "notifications/message", $$$"""{"level":"info","data":{"row":["{{{Mail}}}"]}}""");
            await SayAsync(
                context,
                "elicitation/create",
                $$"""{"message":"is it {{Ssn}}?","requestedSchema":{} }""",
                "\"id\":\"q\",");
            await FakeServer.SendEventAsync(
                context, $$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{"content":[]} }""");
        };
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);

        using var response = await client.PostAsync(RawClient.Request(
            7, "tools/call", """{"name":"read","arguments":{},"_meta":{"progressToken":1}}"""));
        var said = (await client.MessagesAsync(response)).Select(message => message.ToJsonString()).ToList();

        Assert.Equal(4, said.Count);
        Assert.Equal(3, said.Count(text => text.Contains("[us-ssn]") || text.Contains("[email]")));
        Assert.All(said, text => AssertHides(Ssn, text));
        Assert.All(said, text => AssertHides(Mail, text));
        Assert.All(said, text => AssertHides("beside", text));
    }

    [Fact]
    public async Task A_preview_that_reviewers_read_is_masked()
    {
        _server.Call = _ => Fill("""{"structuredContent":{"summary":"would mail CANARY","rows":3}}""", Mail);
        await using var host = await StartAsync(
            change: options => options with { Previews = options.Previews.Add("write", "count") });
        using var client = await RawClient.OpenAsync(host);
        var calling = client.CallAsync("write");
        var pending = await host.UntilAsync(ActionState.Pending);

        Assert.Equal(("would mail [email]", 3), (pending.Preview!.Summary, pending.Preview.Rows));

        await host.DecideAsync(Decision.Deny);
        await calling;
    }

    [Fact]
    public async Task Waiting_for_a_value_behind_a_token_does_not_use_up_its_one_delivery()
    {
        await using var host = await StartAsync();
        using var client = await RawClient.OpenAsync(host);
        var token = OfficeBench.TokenKey.ForTokensOf("ops").TokenOf("email", Encoding.UTF8.GetBytes(Mail));
        var arguments = new CanonicalObject().Add("target", "ops").Add("kind", "email").Add("token", token);
        var action = CanonicalAction.Of(
            AgentDesk.Gateway.Name, TokenDesk.Operation, arguments.ToCanonicalJson());
        var (admission, _) = await host.Office.Tokens.AskAsync(
            new Asking(new Asker(new AgentId("bot"), null), AgentDesk.Gateway, GateKind.Api, action),
            host.Office.Gatekeeper,
            TestContext.Current.CancellationToken);
        var asked = Assert.IsType<Admission.Held>(admission).Record;
        await host.Office.ReviewDesk.VoteAsync(
            asked.Id,
            new Voter(GateHost.Alice, Assurance.Session),
            new Ballot(Decision.Approve, asked.Action.Digest, Comment: null),
            TestContext.Current.CancellationToken);
        await host.UntilAsync(ActionState.Succeeded);

        var told = await client.CallAsync("approval_wait", $$"""{"action_id":"{{asked.Id}}"}""");

        Assert.StartsWith($"SUCCEEDED {asked.Id}", RawClient.TextOf(told), StringComparison.Ordinal);
        var record = ActionRecord.Of(Assert.Single(host.Store.StoredActions));
        Assert.False(record.Life.Delivered);
        Assert.Contains(
            Mail, Encoding.UTF8.GetString(host.Office.Tokens.ValueOf(record)!.Value.Span), StringComparison.Ordinal);
    }

    private static Outcome OutcomeOf(GateHost host) =>
        ActionRecord.Of(Assert.Single(host.Store.StoredActions)).Outcome!;

    private static Task SayAsync(HttpContext context, string method, string parameters, string more = "") =>
        FakeServer.SendEventAsync(
            context,
            $$"""{"jsonrpc":"2.0",{{more}}"method":"{{method}}","params":{{parameters}},"beside":"{{Ssn}}"}""");

    private static string Fill(string answer, string value) => answer
        .Replace("CANARY", value, StringComparison.Ordinal)
        .Replace("BASE64", Convert.ToBase64String(Encoding.UTF8.GetBytes($"it is {value}.")), StringComparison.Ordinal)
        .Replace(
            "ESCAPED", string.Concat(value.Select(letter => $"\\u{(int)letter:x4}")), StringComparison.Ordinal);

    private static void AssertHides(string value, string text)
    {
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes($"it is {value}."));
        Assert.DoesNotContain(value, text, StringComparison.Ordinal);
        Assert.DoesNotContain(encoded, text, StringComparison.Ordinal);
        Assert.DoesNotContain(
            string.Concat(value.Select(letter => $"\\u{(int)letter:x4}")), text, StringComparison.OrdinalIgnoreCase);
    }

    private Task<GateHost> StartAsync(
        TargetRedaction? redaction = null, Func<McpOptions, McpOptions>? change = null) =>
        GateHost.StartAsync(_server, options => (change?.Invoke(options) ?? options) with
        {
            Redaction = redaction ?? new TargetRedaction(
                RedactionPlan.Create(new RedactionOptions
                {
                    Kinds = [.. DataKinds.Named("email"), .. DataKinds.Named("us-ssn")],
                }),
                FieldRules.None),
        });
}
