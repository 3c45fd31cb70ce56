using System.Net;
using System.Text;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// Secrets planted wherever one can come in: arguments, results, errors, reasons, comments, tokens, the target's
/// standing credential and those that a helper makes, which the target even sends back. Afterwards nobody finds them
/// but who may read the action (guarantee I12).
/// </summary>
public sealed class CanaryTests : IAsyncLifetime
{
    private const string Argument = "canary-argument-4f1c";
    private const string Result = "canary-result-9a27";
    private const string Failure = "canary-failure-77b0";
    private const string Reason = "canary-reason-c3d8";
    private const string Session = "canary-session-e5e1";
    private const string Comment = "canary-comment-0b6d";
    private const string Guess = "canary-guessed-token-2c94";
    private const string Operation = "canary-operation-61e7";
    private const string Path = "canary-path-d0a4";
    private const string Baggage = "canary-baggage-83f2";

    private readonly MintFolder _helper = new();
    private Bench _bench = null!;
    private OtlpCollector _collector = null!;
    private Api _agent = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string[] Canaries =>
    [
        Argument, Result, Failure, Reason, Session, Comment, Guess, Operation, Path, Baggage,
        ProductFolder.TokenOf("DEPLOY_BOT"), ProductFolder.TokenOf("ALICE"), ProductFolder.TokenOf("OPS"),
        MintFolder.Secret,
    ];

    public async ValueTask InitializeAsync()
    {
        _collector = await OtlpCollector.StartAsync(Cancel);
        _bench = await Bench.StartAsync(
            new ProductOptions
            {
                Ops = _helper.Credentials,
                More = $$"""observability: { otlp: "{{_collector.Address}}" }""",
            },
            Cancel);
        _agent = _bench.Agent;
        _agent.Http.DefaultRequestHeaders.Add("baggage", $"user={Baggage}");
        _bench.Upstream.Reply = (call, _) => Task.FromResult<UpstreamReply>(
            call.Tool == "read_report"
                ? new UpstreamReply.ToolError(Failure)
                : new UpstreamReply.Text($"{Result} for {call.Headers["Authorization"]}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        _helper.Dispose();
        await _collector.DisposeAsync();
    }

    [Fact]
    public async Task No_planted_secret_reaches_a_log_a_metric_a_span_a_leaf_a_file_or_the_answer_to_a_stranger()
    {
        var told = new Dictionary<string, string>
        {
            ["a stranger's answers"] = await ProvokeAsync(),
            ["/metrics"] = await ReadAsync("metrics", token: "ALICE"),
            ["/healthz"] = await ReadAsync("healthz", token: null),
            ["/readyz"] = await ReadAsync("readyz", token: null),
            ["the checkpoint"] = await ReadAsync("ledger/checkpoint", token: null),
            ["the leaves"] = await ReadAsync($"ledger/tile/entries/000.p/{await EntriesAsync()}", token: null),
            ["a stranger's list"] = await ReadAsync("v1/actions", token: "OTHER_BOT"),
            ["the console's door"] = await ReadAsync("console", token: null),
        };
        await _bench.Product.StopAsync(Cancel);
        told["the log"] = _bench.Product.Log;
        told["the spans"] = _collector.Text;
        foreach (var path in Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(_bench.Product.Folder.Database)!))
        {
            told[path] = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(path, Cancel));
        }

        Assert.All(
            (string[])["/metrics", "the checkpoint", "the leaves", "a stranger's list"],
            place => Assert.StartsWith("200 ", told[place], StringComparison.Ordinal));
        Assert.Contains("Countersign listens on", told["the log"], StringComparison.Ordinal);
        Assert.All(
            (string[])["POST /v1/actions", "countersign.vote", "countersign.execute", "tools/call restart_service"],
            name => Assert.Contains(_collector.Spans, span => span.Name == name));
        Assert.Empty(
            from place in told
            from canary in Canaries
            where place.Value.Contains(canary, StringComparison.Ordinal)
            select $"{canary} in {place.Key}");
    }

    /// <summary>The control: a canary that nobody could find would prove nothing.</summary>
    [Fact]
    public async Task Who_may_read_the_action_finds_every_secret_that_belongs_to_it()
    {
        await ProvokeAsync();

        var list = await _agent.GetAsync("v1/actions", Cancel);
        var shown = new StringBuilder();
        foreach (var item in list.Json.GetProperty("items").EnumerateArray())
        {
            shown.Append((await _agent.ShowAsync(item.GetProperty("id").GetString()!, Cancel)).Json.GetRawText());
        }

        Assert.All(
            (string[])[Argument, Result, Failure, Reason, Session, Comment],
            canary => Assert.Contains(canary, shown.ToString(), StringComparison.Ordinal));
        // A credential belongs to nobody who asks or decides: the target alone has seen it.
        Assert.DoesNotContain(MintFolder.Secret, shown.ToString(), StringComparison.Ordinal);
        Assert.Contains("(secret)", shown.ToString(), StringComparison.Ordinal);
        Assert.All(
            _bench.Upstream.Calls,
            call => Assert.Contains(MintFolder.Secret, call.Headers["Authorization"], StringComparison.Ordinal));
    }

    /// <summary>One call of every kind, and every refusal that a stranger can provoke; the refusals' texts.</summary>
    private async Task<string> ProvokeAsync()
    {
        var refusals = new StringBuilder();
        await AskAsync("read_report");
        await AskAsync(Operation);
        await _agent.GetAsync($"v1/actions/{Path}?{Path}={Path}", Cancel);
        var approved = await AskAsync("restart_service");
        await _bench.Alice.VoteAsync(approved.Id!, "approve", Cancel);
        await _agent.WaitForEndAsync(approved.Id!, Cancel);
        var denied = await AskAsync("rotate_key");
        await _bench.Alice.PostAsync(
            $"v1/actions/{denied.Id}/votes",
            JsonSerializer.Serialize(new { decision = "deny", digest = denied.Digest, comment = Comment }),
            Cancel);

        var stranger = _bench.Product.As("OTHER_BOT");
        refusals.Append(await _bench.Product.WithToken(Guess).ShowAsync(approved.Id!, Cancel));
        refusals.Append(await stranger.ShowAsync(approved.Id!, Cancel));
        refusals.Append(await stranger.VoteAsync(approved.Id!, "approve", approved.Digest!, Cancel));
        refusals.Append(await stranger.WithdrawAsync(approved.Id!, Cancel));
        return refusals.ToString();
    }

    private async Task<ApiAnswer> AskAsync(string operation)
    {
        var body = JsonSerializer.Serialize(new
        {
            target = "ops",
            operation,
            arguments = new { secret = Argument },
            reason = Reason,
            session = Session,
        });
        var answer = await _agent.PostAsync("v1/actions?wait=5", body, Cancel);
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Accepted, answer.ToString());
        return answer;
    }

    private async Task<long> EntriesAsync() => await _bench.Alice.LedgerSizeAsync(Cancel);

    private async Task<string> ReadAsync(string path, string? token)
    {
        var api = token is null ? _bench.Product.WithToken(null) : _bench.Product.As(token);
        using var response = await api.Http.GetAsync(path, Cancel);
        return $"{(int)response.StatusCode} " +
            Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync(Cancel));
    }
}
