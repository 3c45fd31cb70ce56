using System.Text.Json;
using Countersign.Client;
using Microsoft.Extensions.AI;

namespace Countersign.Tests.DotNetClient;

/// <summary>A function behind an approval: it runs as approved or not at all, and what became of it is told.</summary>
public sealed class ApprovalFunctionTests : IDisposable
{
    private const string Changed = """
        , "review":{"votes":[],"changes":[{"person":"alice","comment":"Not to everybody.","before":{"to":"all"}}],
        "url":"http://gateway.test/console/actions/act_1"}
        """;

    private readonly ScriptedServer _server = new();
    private readonly List<string> _ran = [];
    private readonly List<Exception> _unreported = [];
    private Func<CancellationToken, string> _body = static _ => "sent";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task It_asks_claims_runs_and_reports_in_this_order()
    {
        _server.Answers("pending").Answers("approved").Answers("executing").Answers("succeeded");

        var result = await CallAsync(Function());

        Assert.Equal("sent", ((JsonElement)result!).GetString());
        Assert.Equal(["team"], _ran);
        Assert.Equal(
            [
                "POST /v1/actions", "GET /v1/actions/act_1?wait=50", "POST /v1/actions/act_1/claim",
                "POST /v1/actions/act_1/outcome",
            ],
            _server.Paths);
        Assert.Equal("sent", _server.LastBodyOf("outcome").GetProperty("result").GetString());
        Assert.Equal("send_mail", JsonElement.Parse(_server.Sent[0].Body).GetProperty("operation").GetString());
    }

    [Fact]
    public async Task It_runs_what_people_made_of_it_and_the_model_hears_of_that()
    {
        _server.Answers("approved").Answers("executing", Changed, """{"to":"me"}""").Answers("succeeded");

        var result = (JsonElement)(await CallAsync(Function()))!;

        Assert.Equal(["me"], _ran);
        Assert.Equal("sent", result.GetProperty("result").GetString());
        var notice = result.GetProperty("notice").GetString();
        Assert.StartsWith("CHANGED BEFORE IT RAN", notice, StringComparison.Ordinal);
        Assert.Contains("""{"to":"all"} ; what ran is {"to":"me"} . By alice: Not to everybody.""", notice);
    }

    [Theory]
    [InlineData("refused", "NOT EXECUTED: the policy refuses it. Rule 'mails': Somebody reads a mail first.")]
    [InlineData("denied", "NOT EXECUTED: denied (act_1).")]
    [InlineData("expired", "NOT EXECUTED: Time is over.")]
    [InlineData("withdrawn", "NOT EXECUTED: It was withdrawn.")]
    [InlineData("superseded", "NOT EXECUTED: It has to be decided anew.")]
    [InlineData("unknown", "NOT EXECUTED: an earlier identical call may or may not have taken effect")]
    [InlineData("succeeded", "NOT EXECUTED AGAIN: the same call was under way and has succeeded")]
    [InlineData("failed", "NOT EXECUTED AGAIN: the same call was under way and failed")]
    public async Task What_was_not_approved_does_not_run_and_the_model_hears_why(string state, string text)
    {
        _server.Answers(state);

        Assert.StartsWith(text, (string)(await CallAsync(Function()))!, StringComparison.Ordinal);
        Assert.Empty(_ran);
    }

    [Fact]
    public async Task What_the_server_executed_by_itself_is_told_as_that()
    {
        _server.Answers(
            "succeeded",
            """, "permit":null, "outcome":{"state":"succeeded","result":"3 rows","duration_ms":7} """);

        Assert.Equal(
            "EXECUTED BY THE SERVER and not by this function (act_1). Its result: \"3 rows\"",
            await CallAsync(Function()));
        Assert.Empty(_ran);
    }

    [Fact]
    public async Task A_call_that_loses_its_patience_says_how_to_go_on()
    {
        _server.Answers("pending").Answers("pending");

        var text = (string)(await CallAsync(Function(options => options with { Patience = TimeSpan.Zero })))!;

        Assert.StartsWith("NOT EXECUTED YET: people have to decide (act_1", text, StringComparison.Ordinal);
        Assert.Empty(_ran);
    }

    [Fact]
    public async Task A_permit_that_somebody_else_took_does_not_run()
    {
        _server.Answers("approved").Refuses(409, "already-claimed", "executing");

        Assert.Equal(
            "NOT EXECUTED: The detail of already-claimed. (already-claimed, act_1)", await CallAsync(Function()));
        Assert.Empty(_ran);
    }

    [Fact]
    public async Task Without_a_server_nothing_runs()
    {
        _server.Breaks();
        Assert.StartsWith(
            "NOT EXECUTED: whether this may be done could not be asked",
            (string)(await CallAsync(Function()))!,
            StringComparison.Ordinal);

        _server.Answers("approved").Breaks().Breaks().Breaks().Breaks();
        await CallAsync(Function());
        Assert.Empty(_ran);
    }

    [Fact]
    public async Task A_host_that_wants_it_gets_an_exception_instead_of_a_text()
    {
        _server.Answers("denied");
        var function = Function(options => options with { ThrowsRefusals = true });

        var refused = await Assert.ThrowsAsync<NotApprovedException>(() => CallAsync(function));

        Assert.IsType<Standing.Denied>(refused.Standing);
        Assert.StartsWith("NOT EXECUTED: denied", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_of_the_function_is_reported_as_failed_and_thrown_on()
    {
        _server.Answers("approved").Answers("executing").Answers("failed");
        _body = _ => throw new InvalidOperationException("no such mailbox");

        await Assert.ThrowsAsync<InvalidOperationException>(() => CallAsync(Function()));

        var body = _server.LastBodyOf("outcome");
        Assert.Equal("failed", body.GetProperty("state").GetString());
        Assert.Equal("no such mailbox", body.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_cancellation_in_flight_is_reported_as_unknown_although_the_caller_is_gone()
    {
        _server.Answers("approved").Answers("executing").Answers("unknown");
        using var leaving = new CancellationTokenSource();
        _body = token =>
        {
            leaving.Cancel();
            token.ThrowIfCancellationRequested();
            return "not reached";
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CallAsync(Function(), leaving.Token));

        Assert.Equal("unknown", _server.LastBodyOf("outcome").GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_caller_who_leaves_before_the_claim_leaves_nothing_that_ran()
    {
        using var leaving = new CancellationTokenSource();
        _server.Does(async token =>
        {
            await leaving.CancelAsync();
            token.ThrowIfCancellationRequested();
            throw new InvalidOperationException("Nobody stopped it.");
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CallAsync(Function(), leaving.Token));
        Assert.Empty(_ran);
        Assert.Single(_server.Sent);
    }

    [Fact]
    public async Task An_outcome_that_could_not_be_reported_hides_no_result()
    {
        _server.Answers("approved").Answers("executing").Refuses(409, "expired", "unknown");
        Assert.Equal("sent", ((JsonElement)(await CallAsync(Function()))!).GetString());
        _server.Answers("approved").Answers("executing").Breaks().Breaks().Breaks().Breaks();
        Assert.Equal("sent", ((JsonElement)(await CallAsync(Function()))!).GetString());

        Assert.Equal(
            [typeof(CountersignException), typeof(HttpRequestException)],
            _unreported.Select(failure => failure.GetType()));
    }

    [Fact]
    public async Task What_nobody_could_read_is_not_asked()
    {
        var arguments = new AIFunctionArguments { ["to"] = typeof(string) };

        var text = (string)(await Function().InvokeAsync(arguments, Cancelled))!;

        Assert.StartsWith("NOT EXECUTED: The argument 'to' cannot be written as JSON", text, StringComparison.Ordinal);
        Assert.Empty(_server.Sent);
    }

    [Fact]
    public void It_looks_to_a_model_like_the_function_itself()
    {
        var function = Function();

        Assert.Equal(("send_mail", "Sends a mail."), (function.Name, function.Description));
        Assert.True(function.JsonSchema.GetProperty("properties").TryGetProperty("to", out _));
    }

    [Fact]
    public async Task A_held_call_becomes_a_question_and_the_decision_its_answer()
    {
        var call = new FunctionCallContent("call-1", "send_mail", new Dictionary<string, object?> { ["to"] = "team" });
        _server.Answers("pending").Answers("approved", Changed, """{"to":"me"}""").Answers("denied");

        var question = await Function().AskAsync(call, Cancelled);
        Assert.Equal(("act_1", call), (question!.RequestId, question.ToolCall));
        Assert.Equal(ScriptedServer.Digest, question.AdditionalProperties![ToolApprovals.DigestProperty]);

        var approved = ToolApprovals.ResponseFor(question, await _server.Client.ReadAsync("act_1", Cancelled))!;
        Assert.True(approved.Approved);
        var ran = Assert.IsType<FunctionCallContent>(approved.ToolCall);
        Assert.Equal("me", ((JsonElement)ran.Arguments!["to"]!).GetString());
        var denied = ToolApprovals.ResponseFor(question, await _server.Client.ReadAsync("act_1", Cancelled))!;
        Assert.False(denied.Approved);
        Assert.StartsWith("NOT EXECUTED: denied", denied.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_asked_about_what_the_policy_allows()
    {
        var call = new FunctionCallContent("call-1", "send_mail", new Dictionary<string, object?> { ["to"] = "team" });
        _server.Answers("approved");

        Assert.Null(await Function().AskAsync(call, Cancelled));
    }

    [Fact]
    public async Task An_answer_in_the_chat_is_a_vote_on_what_was_shown()
    {
        var call = new FunctionCallContent("call-1", "send_mail", new Dictionary<string, object?> { ["to"] = "team" });
        _server.Answers("pending").Answers("approved");
        var question = (await Function().AskAsync(call, Cancelled))!;

        await ToolApprovals.VoteAsync(_server.Client, question, question.CreateResponse(true, "Fine."), Cancelled);

        Assert.Equal(
            $$"""{"decision":"approve","digest":"{{ScriptedServer.Digest}}","comment":"Fine."}""",
            _server.Sent[^1].Body);
        var other = new ToolApprovalResponseContent("act_2", approved: true, call);
        await Assert.ThrowsAsync<ArgumentException>(
            () => ToolApprovals.VoteAsync(_server.Client, question, other, Cancelled));
    }

    private static async Task<object?> CallAsync(
        ApprovalFunction function, CancellationToken? cancellationToken = null) =>
        await function.InvokeAsync(
            new AIFunctionArguments { ["to"] = "team" }, cancellationToken ?? Cancelled);

    private ApprovalFunction Function(Func<ApprovalFunctionOptions, ApprovalFunctionOptions>? change = null)
    {
        var inner = AIFunctionFactory.Create(
            (string to, CancellationToken cancellationToken) =>
            {
                _ran.Add(to);
                return _body(cancellationToken);
            },
            "send_mail",
            "Sends a mail.");
        var options = new ApprovalFunctionOptions("sdk")
        {
            OnUnreported = (_, failure) => _unreported.Add(failure),
        };
        return new ApprovalFunction(inner, _server.Client, change is null ? options : change(options));
    }
}
