using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// The packages with which Go verifies its own checksum database (<c>golang.org/x/mod/sumdb</c>) verify the log of a
/// running server while it grows, over the addresses of C2SP tlog-tiles.
/// </summary>
public sealed class GoVerifierTests : IAsyncLifetime
{
    private const string Go = "/usr/bin/go";
    private const string Packages = "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog";

    private Product? _product;
    private RunningProgram? _verifier;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(
            File.Exists(Go) && Directory.Exists(Packages),
            "The packages golang-go and golang-golang-x-mod-dev are not installed.");
        _product = await Product.StartAsync(new ProductOptions(), Cancel);
        var key = (await _product.RunAsync("ALICE", Cancel, "ledger", "key")).Output.Trim();
        _verifier = RunningProgram.Start(new ProgramOptions(await BuildAsync(), key, $"{_product.Address}ledger/"));
    }

    public async ValueTask DisposeAsync()
    {
        await (_verifier?.DisposeAsync() ?? default);
        await (_product?.DisposeAsync() ?? default);
    }

    [Fact]
    public async Task Checkpoints_inclusion_and_consistency_of_a_growing_log_hold_for_a_library_that_is_not_ours()
    {
        var agent = _product!.As("DEPLOY_BOT");
        var kept = new List<(long Size, string Root)>();
        // Until two tiles are full.
        while (kept.Count == 0 || kept[^1].Size < 2 * 256)
        {
            await Task.WhenAll(Enumerable.Range(0, 30).Select(i => agent.AskAsync(
                "sdk", "read_report", $$"""{"id":{{(kept.Count * 30) + i}}}""", Cancel)));
            var head = (await AnswerAsync("checkpoint")).Split(' ');
            kept.Add((long.Parse(head[0], System.Globalization.CultureInfo.InvariantCulture), head[1]));
            foreach (var (size, _) in kept)
            {
                Assert.Equal("ok", await AnswerAsync($"tree {size}"));
            }

            foreach (var entry in (long[])[0, kept[^1].Size / 2, kept[^1].Size - 1])
            {
                Assert.Equal("ok", await AnswerAsync($"record {entry}"));
            }
        }

        for (var entry = 0L; entry < kept[^1].Size; entry += 37)
        {
            Assert.Equal("ok", await AnswerAsync($"record {entry}"));
        }

        Assert.StartsWith("refused: ", await AnswerAsync("record 3 {\"another\":\"leaf\"}"), StringComparison.Ordinal);
        Assert.StartsWith(
            "refused: ", await AnswerAsync($"tree {kept[0].Size} {kept[1].Root}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tiles_are_files_that_never_change_and_old_partial_ones_stay()
    {
        var agent = _product!.As("DEPLOY_BOT");
        var http = agent.Http;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => agent.AskAsync(
            "sdk", "read_report", $$"""{"id":{{i}}}""", Cancel)));
        var partial = await http.GetByteArrayAsync("ledger/tile/0/000.p/17", Cancel);
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => agent.AskAsync(
            "sdk", "read_report", $$"""{"id":"{{i}}"}""", Cancel)));
        var full = await http.GetByteArrayAsync("ledger/tile/0/000", Cancel);

        Assert.Equal(full[..(17 * 32)], partial);
        Assert.Equal(partial, await http.GetByteArrayAsync("ledger/tile/0/000.p/17", Cancel));
        using var response = await http.GetAsync("ledger/tile/entries/000", Cancel);
        Assert.Contains("immutable", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        var plain = await response.Content.ReadAsByteArrayAsync(Cancel);
        var request = new HttpRequestMessage(HttpMethod.Get, "ledger/tile/entries/000");
        request.Headers.Add("Accept-Encoding", "gzip");
        using var packed = await http.SendAsync(request, Cancel);
        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        await using var unpacked = new System.IO.Compression.GZipStream(
            await packed.Content.ReadAsStreamAsync(Cancel), System.IO.Compression.CompressionMode.Decompress);
        using var content = new MemoryStream();
        await unpacked.CopyToAsync(content, Cancel);
        Assert.Equal(plain, content.ToArray());
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "ledger/tile/0/000"), Cancel);
        Assert.True(head.IsSuccessStatusCode);
        foreach (var wrong in (string[])["0/000.p/256", "0/000.p/0", "0/0", "00/000", "1/000", "0/009", "entries/009"])
        {
            using var missing = await http.GetAsync("ledger/tile/" + wrong, Cancel);
            Assert.Equal(404, (int)missing.StatusCode);
        }
    }

    private static async Task<string> BuildAsync()
    {
        var folder = Path.Combine(Repository.Root, "artifacts", "go");
        Directory.CreateDirectory(folder);
        var program = Path.Combine(folder, "transparency");
        var source = Path.Combine(Repository.Root, "tests", "Countersign.EndToEnd", "go", "transparency");
        var built = await RunningProgram.RunAsync(
            new ProgramOptions(Go, "build", "-o", program, ".")
            {
                WorkingDirectory = source,
                Environment = new Dictionary<string, string>
                {
                    ["GO111MODULE"] = "off",
                    ["GOPATH"] = "/usr/share/gocode",
                    ["GOCACHE"] = Path.Combine(folder, "cache"),
                    ["GOFLAGS"] = "",
                },
            },
            Cancel);
        Assert.True(built.ExitCode == 0, built.ToString());
        return program;
    }

    private async Task<string> AnswerAsync(string question)
    {
        await _verifier!.WriteLineAsync(question, Cancel);
        return await _verifier.ReadLineAsync(Cancel) ?? throw new InvalidOperationException(_verifier.Errors);
    }
}
