using System.Net;
using System.Text.Json;
using Countersign.Client;

namespace Countersign.Tests.DotNetClient;

/// <summary>What the client makes of the API's answers, of silence and of answers that got lost.</summary>
public sealed class CountersignClientTests : IDisposable
{
    private static readonly JsonElement s_arguments = JsonElement.Parse("""{"to":"team"}""");

    private readonly ScriptedServer _server = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task A_question_carries_what_was_said_and_nothing_that_was_not()
    {
        _server.Answers("pending");
        var request = new ActionRequest("sdk", "send_mail", s_arguments) { Reason = "Weekly.", IdempotencyKey = "k" };

        var standing = await _server.Client.AskAsync(request, Cancelled);

        Assert.IsType<Standing.Pending>(standing);
        var sent = Assert.Single(_server.Sent);
        Assert.Equal(("POST", "/v1/actions", "k"), (sent.Method, sent.Path, sent.Key));
        Assert.Equal(
            """{"target":"sdk","operation":"send_mail","arguments":{"to":"team"},"reason":"Weekly."}""", sent.Body);
    }

    [Theory]
    [InlineData("pending", typeof(Standing.Pending))]
    [InlineData("approved", typeof(Standing.Approved))]
    [InlineData("executing", typeof(Standing.Executing))]
    [InlineData("succeeded", typeof(Standing.Succeeded))]
    [InlineData("failed", typeof(Standing.Failed))]
    [InlineData("unknown", typeof(Standing.Unknown))]
    [InlineData("denied", typeof(Standing.Denied))]
    [InlineData("expired", typeof(Standing.Expired))]
    [InlineData("withdrawn", typeof(Standing.Withdrawn))]
    [InlineData("superseded", typeof(Standing.Superseded))]
    [InlineData("refused", typeof(Standing.Refused))]
    public async Task Every_state_has_its_case(string state, Type expected)
    {
        _server.Answers(state);
        Assert.IsType(expected, await _server.Client.ReadAsync("act_1", Cancelled));
    }

    [Fact]
    public void There_is_a_case_for_every_state_of_the_product() => Assert.Equal(
        Enum.GetNames<Countersign.Core.Actions.ActionState>().Order(),
        typeof(Standing).GetNestedTypes().Select(type => type.Name).Order());

    [Fact]
    public async Task Waiting_goes_on_over_what_keeps_the_server_from_answering()
    {
        _server.Answers("pending").Breaks().Refuses(503, "unavailable").Answers("executing").Answers("succeeded");

        var standing = await _server.Client.WaitAsync("act_1", TimeSpan.FromHours(1), Cancelled);

        Assert.IsType<Standing.Succeeded>(standing);
        Assert.All(_server.Paths, path => Assert.Equal("GET /v1/actions/act_1?wait=50", path));
        Assert.Equal(5, _server.Sent.Count);
    }

    [Fact]
    public async Task Patience_that_is_over_says_where_it_stands()
    {
        _server.Answers("pending");

        Assert.IsType<Standing.Pending>(await _server.Client.WaitAsync("act_1", TimeSpan.Zero, Cancelled));
        Assert.Equal(["GET /v1/actions/act_1"], _server.Paths);
    }

    [Fact]
    public async Task A_wait_can_be_given_up()
    {
        using var giving = new CancellationTokenSource();
        _server.Does(async token =>
        {
            await giving.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
            throw new InvalidOperationException("Nobody stopped it.");
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _server.Client.WaitAsync("act_1", TimeSpan.FromHours(1), giving.Token));
    }

    [Fact]
    public async Task A_claim_whose_answer_got_lost_is_repeated_under_its_key()
    {
        _server.Breaks().Refuses(503, "unavailable").Answers("executing");

        Assert.IsType<ClaimAnswer.Claimed>(await ClaimAsync());
        Assert.Equal(3, _server.Sent.Count);
        Assert.NotNull(Assert.Single(_server.Sent.Select(request => request.Key).Distinct()));
    }

    [Fact]
    public async Task Two_claims_have_two_keys()
    {
        _server.Answers("approved").Answers("executing").Answers("approved").Answers("executing");
        await ClaimApprovedAsync();
        await ClaimApprovedAsync();

        Assert.Equal(2, _server.Sent.Select(request => request.Key).OfType<string>().Distinct().Count());
    }

    [Theory]
    [InlineData(409, "already-claimed")]
    [InlineData(409, "not-approved")]
    [InlineData(403, "agent-stopped")]
    [InlineData(404, "unknown-action")]
    public async Task No_other_answer_to_a_claim_is_a_permission(int status, string slug)
    {
        _server.Refuses(status, slug);

        Assert.Equal(slug, Assert.IsType<ClaimAnswer.NotGiven>(await ClaimAsync()).Problem.Slug);
    }

    [Fact]
    public async Task A_claim_that_is_answered_with_another_action_or_state_is_no_permission()
    {
        _server.Answers("approved");
        await Assert.ThrowsAsync<CountersignException>(ClaimAsync);
        _server.Answers("executing", """, "digest":"sha256:2222" """);
        await Assert.ThrowsAsync<CountersignException>(ClaimAsync);
    }

    [Fact]
    public async Task A_server_that_never_answers_gives_no_permission()
    {
        _server.Breaks().Breaks().Breaks().Breaks();

        await Assert.ThrowsAsync<HttpRequestException>(ClaimAsync);
    }

    [Fact]
    public async Task A_report_names_its_claim_and_says_what_came_of_it()
    {
        _server.Answers("succeeded");
        var answer = await ReportAsync(new Report.Succeeded(JsonElement.Parse("[1]")));

        Assert.IsType<ReportAnswer.Recorded>(answer);
        Assert.Equal(
            $$"""{"digest":"{{ScriptedServer.Digest}}","state":"succeeded","claim":1,"result":[1]}""",
            Assert.Single(_server.Sent).Body);
    }

    [Fact]
    public async Task A_repeated_report_that_was_taken_before_is_recorded()
    {
        _server.Breaks().Refuses(409, "already-reported", "failed").Answers("failed");
        Assert.IsType<ReportAnswer.Recorded>(await ReportAsync(new Report.Failed("no")));

        // Without a repetition of ours, somebody else reported.
        _server.Refuses(409, "already-reported", "failed");
        Assert.IsType<ReportAnswer.NotTaken>(await ReportAsync(new Report.Failed("no")));
    }

    [Fact]
    public async Task What_is_too_long_for_a_report_is_left_out_rather_than_the_report()
    {
        _server.Answers("failed");
        await ReportAsync(new Report.Failed(new string('x', CountersignClient.MaxError - 1) + "\U0001F600"));
        Assert.Equal(CountersignClient.MaxError - 1, ErrorSent().Length);

        _server.Answers("succeeded");
        var large = JsonSerializer.SerializeToElement(new string('x', CountersignClient.MaxResult));
        await ReportAsync(new Report.Succeeded(large));
        Assert.False(_server.LastBodyOf("outcome").TryGetProperty("result", out _));

        _server.Refuses(413, "too-large").Answers("succeeded");
        await ReportAsync(new Report.Succeeded(JsonElement.Parse("[1]")));
        Assert.False(_server.LastBodyOf("outcome").TryGetProperty("result", out _));
    }

    [Fact]
    public async Task A_problem_is_an_exception_that_names_it()
    {
        _server.Refuses(404, "unknown-target");
        var refused = await Assert.ThrowsAsync<CountersignException>(
            () => _server.Client.AskAsync(new ActionRequest("none", "x", s_arguments), Cancelled));

        Assert.Equal(("unknown-target", 404), (refused.Problem!.Slug, refused.Problem.Status));
        Assert.Contains("The detail of unknown-target.", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, "<html>")]
    [InlineData(HttpStatusCode.OK, "{}")]
    [InlineData(HttpStatusCode.BadGateway, "upstream away")]
    [InlineData(HttpStatusCode.NoContent, "")]
    public async Task What_is_no_answer_of_the_api_is_said_so(HttpStatusCode status, string body)
    {
        _server.Replies(status, body);
        var refused = await Assert.ThrowsAsync<CountersignException>(
            () => _server.Client.ReadAsync("act_1", Cancelled));

        Assert.Contains("http://gateway.test/", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_of_a_later_version_is_no_permission_and_no_silence()
    {
        _server.Answers("rehearsed");
        await Assert.ThrowsAsync<CountersignException>(() => _server.Client.ReadAsync("act_1", Cancelled));
    }

    [Fact]
    public void The_token_is_in_no_text() => Assert.DoesNotContain(
        "secret", new CountersignOptions(new Uri("http://x"), "secret").ToString(), StringComparison.Ordinal);

    private string ErrorSent() => _server.LastBodyOf("outcome").GetProperty("error").GetString()!;

    private async Task<ClaimAnswer> ClaimAsync() =>
        await _server.Client.ClaimAsync(Action("approved"), Cancelled);

    private async Task<ClaimAnswer> ClaimApprovedAsync()
    {
        var standing = await _server.Client.ReadAsync("act_1", Cancelled);
        return await _server.Client.ClaimAsync(standing.Action, Cancelled);
    }

    private Task<ReportAnswer> ReportAsync(Report report) =>
        _server.Client.ReportAsync(Action("executing"), report, Cancelled);

    private static AskedAction Action(string state) => new()
    {
        Id = "act_1",
        Revision = 1,
        State = state,
        Target = "sdk",
        Operation = "send_mail",
        Arguments = s_arguments,
        Digest = ScriptedServer.Digest,
        Permit = new ShownPermit(Claim: 1, UsesLeft: 0, ReportBy: null),
    };
}
