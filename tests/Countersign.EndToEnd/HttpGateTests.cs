using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The HTTP gate of the built product before a real web server.</summary>
public sealed class HttpGateTests : IAsyncLifetime
{
    private const string Policy = """
        version: 1
        default: deny
        rules:
          - id: reads
            when: action.gate == "http" && http.method == "GET"
            then: allow
          - id: writes
            reason: Changes need a second person.
            when: action.gate == "http" && http.method != "GET"
            then: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ], assurance: token } }
        """;

    private WebUpstream _web = null!;
    private Product _product = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(
            WebUpstream.IsInstalled || Environment.GetEnvironmentVariable("CI") == "true", "nginx is not installed.");
        _web = await WebUpstream.StartAsync(Cancel);
        _product = await Product.StartAsync(
            new ProductOptions
            {
                Targets = string.Join(
                    '\n',
                    _web.TargetWith("credentials: { bearer: env:WEB_KEY }"),
                    _web.TargetWith("record: behind, redact: none", name: "quick")),
                Environment = new Dictionary<string, string> { ["WEB_KEY"] = "the-key-of-the-web-server" },
                Policy = Policy,
            },
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await (_product?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_web?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task A_read_passes_with_the_targets_credential_which_stays_here()
    {
        using var agent = Agent();

        var answer = await agent.GetAsync("http/web/echo/a%20b?y=2&x=1", Cancel);

        Assert.Equal(
            """{"uri":"/echo/a%20b?x=1&y=2","got":"(secret)"}""", await answer.Content.ReadAsStringAsync(Cancel));
        // Recorded before it left, so with an empty body, which the HTTP stack cannot send a second time.
        Assert.Equal("GET /echo/a%20b?x=1&y=2 0 Bearer the-key-of-the-web-server", Assert.Single(_web.Requests));
    }

    [Fact]
    public async Task What_was_approved_after_a_202_runs_once_though_the_server_was_killed_meanwhile()
    {
        using var agent = Agent();
        var first = await PostAsync(agent, wait: 0);
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        var id = (await JsonAsync(first)).GetProperty("action").GetString()!;

        await _product.KillAsync();
        await _product.StartAgainAsync(Cancel);
        Assert.Equal(id, (await JsonAsync(await PostAsync(agent, wait: 0))).GetProperty("action").GetString());
        await _product.As("ALICE").VoteAsync(id, "approve", Cancel);
        var outcome = await PostAsync(agent, wait: 60);

        Assert.Equal(HttpStatusCode.Created, outcome.StatusCode);
        Assert.Equal("made POST", await outcome.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("POST /things 13 Bearer the-key-of-the-web-server", Assert.Single(_web.Requests));
        await _product.StopAsync(Cancel);
        await _product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Reads_that_ran_before_they_were_recorded_are_said_to_be_missing_after_a_kill_and_only_then()
    {
        using var agent = Agent();
        await agent.GetStringAsync("http/quick/echo", Cancel);
        await agent.GetStringAsync("http/quick/echo", Cancel);
        await _product.KillAsync();
        await _product.StartAgainAsync(Cancel);
        while (await CountAsync("recording.gap") == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancel);
        }

        Assert.Equal(0, await CountAsync("action.executed"));
        using var second = Agent();
        await second.GetStringAsync("http/quick/echo", Cancel);
        await _product.StopAsync(Cancel);
        await _product.StartAgainAsync(Cancel);

        Assert.Equal(3, _web.Requests.Length);
        Assert.Equal(
            (1L, 1L, 3L),
            (await CountAsync("recording.gap"), await CountAsync("action.executed"),
                await CountAsync("recording.window")));
        await _product.StopAsync(Cancel);
        await _product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task A_large_file_passes_in_constant_memory()
    {
        const int pieces = 400;
        var piece = new byte[1024 * 1024];
        Directory.CreateDirectory(_web.In("files"));
        await using (var file = File.Create(_web.In("files/large.bin")))
        {
            for (var i = 0; i < pieces; i++)
            {
                piece[0] = (byte)i;
                await file.WriteAsync(piece, Cancel);
            }
        }

        using var agent = Agent();
        await agent.GetAsync("http/web/echo", Cancel);
        var before = ResidentOf(_product.ProcessId);
        using var answer = await agent.GetAsync(
            "http/web/files/large.bin", HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancel);
        var (total, most) = (0L, before);
        int read;
        while ((read = await body.ReadAsync(piece, Cancel)) > 0)
        {
            total += read;
            most = Math.Max(most, ResidentOf(_product.ProcessId));
        }

        Assert.Equal((long)pieces * piece.Length, total);
        Assert.InRange(most - before, 0, 100L * 1024 * 1024);
    }

    [Fact]
    public async Task Two_requests_in_one_connection_stay_two_requests()
    {
        // What one server takes for a body and another for a second request (THR-070).
        var smuggled = "GET /http/web/echo/second HTTP/1.1\r\nHost: x\r\n\r\n";
        var answers = await RawAsync(
            $"GET /http/web/echo/first HTTP/1.1\r\nHost: {_product.Address.Authority}\r\n"
            + $"Authorization: Bearer {ProductFolder.TokenOf("DEPLOY_BOT")}\r\nContent-Length: {smuggled.Length}\r\n"
            + $"Connection: close\r\n\r\n{smuggled}");

        Assert.StartsWith("HTTP/1.1 200", answers, StringComparison.Ordinal);
        Assert.Equal(
            ["GET /echo/first"], _web.Requests.Select(line => string.Join(' ', line.Split(' ').Take(2))));
    }

    /// <summary>Entries of a type in the public log.</summary>
    private async Task<long> CountAsync(string type)
    {
        var api = _product.As("ALICE");
        var size = await api.LedgerSizeAsync(Cancel);
        var leaves = await api.Http.GetByteArrayAsync($"ledger/tile/entries/000.p/{size}", Cancel);
        return Encoding.Latin1.GetString(leaves).Split($"\"type\":\"{type}\"").Length - 1;
    }

    private static long ResidentOf(int process) => long.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        System.Globalization.CultureInfo.InvariantCulture) * 1024;

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        return document.RootElement.Clone();
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient agent, int wait)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http/web/things")
        {
            Content = new StringContent("""{"amount": 5}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Prefer", $"wait={wait}");
        return await agent.SendAsync(request, Cancel);
    }

    private async Task<string> RawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_product.Address.Host, _product.Address.Port, Cancel);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), Cancel);
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancel);
    }

    private HttpClient Agent()
    {
        var client = new HttpClient { BaseAddress = _product.Address };
        client.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", ProductFolder.TokenOf("DEPLOY_BOT"));
        return client;
    }
}
