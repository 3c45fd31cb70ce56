using System.Text;
using System.Text.Json;
using Countersign.Core.Actions.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.EndToEnd.Support;
using Microsoft.Playwright;

namespace Countersign.EndToEnd;

/// <summary>
/// A receipt of the built product in the hands of strangers: the command, the page, other people's code.
/// </summary>
public sealed class ReceiptTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private const int Documents = 100_000;
    private const int Seed = 20_260;

    private Product _product = null!;
    private string _key = "";
    private string _id = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Vectors { get; } = Path.Combine(Repository.Root, "tests", "vectors", "receipts");

    public async ValueTask InitializeAsync()
    {
        _product = await Product.StartAsync(new ProductOptions(), Cancel);
        var agent = _product.As("DEPLOY_BOT");
        var held = await agent.AskAsync("sdk", "restart_service", """{"id":1}""", Cancel);
        _id = held.Id!;
        await _product.As("ALICE").VoteAsync(_id, "deny", Cancel);
        _key = (await _product.RunAsync("ALICE", Cancel, "ledger", "key")).Output.Trim();
    }

    public ValueTask DisposeAsync() => _product.DisposeAsync();

    [Theory]
    [InlineData("ALICE")]
    [InlineData("DEPLOY_BOT")]
    public async Task Whoever_may_read_the_action_takes_a_receipt_that_verifies(string name)
    {
        var file = await FetchAsync(name);
        var policy = _product.Folder.In("trust.policy");
        await File.WriteAllTextAsync(policy, $"log {_key}\nquorum none\n", Cancel);

        var byKey = await _product.RunAsync("ALICE", Cancel, "ledger", "verify", file, "--vkey", _key);
        var byPolicy = await _product.RunAsync("ALICE", Cancel, "ledger", "verify", file, "--policy", policy, "--json");

        Assert.True(byKey.ExitCode == 0, byKey.ToString());
        Assert.Contains("alice: deny (token, gateway-attested)", byKey.Output, StringComparison.Ordinal);
        Assert.Contains("Held: a rule of the policy asks for people.", byKey.Output, StringComparison.Ordinal);
        Assert.True(byPolicy.ExitCode == 0, byPolicy.ToString());
        Assert.True(JsonElement.Parse(byPolicy.Output).GetProperty("verified").GetBoolean());
        Assert.Equal(12, JsonElement.Parse(byPolicy.Output).GetProperty("steps").GetArrayLength());
    }

    [Fact]
    public async Task The_console_hands_it_out_and_the_command_line_says_why_it_was_held()
    {
        using var alice = new ConsoleVisitor(_product.Address);
        await alice.SignInAsync(ProductFolder.TokenOf("ALICE"), Cancel);
        var file = _product.Folder.In("console.receipt.json");
        var bytes = await alice.DownloadAsync($"/console/actions/{_id}/receipt", Cancel);
        await File.WriteAllBytesAsync(file, bytes, Cancel);

        var verified = await _product.RunAsync("ALICE", Cancel, "ledger", "verify", file, "--vkey", _key);
        var shown = await _product.RunAsync("ALICE", Cancel, "action", "show", _id);

        Assert.True(verified.ExitCode == 0, verified.ToString());
        Assert.Contains("  Held: a rule of the policy asks for people.", shown.Output, StringComparison.Ordinal);
        Assert.Contains("could decide within", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_trust_or_with_an_edited_file_the_command_says_no()
    {
        var file = await FetchAsync("ALICE");
        var untrusted = await _product.RunAsync("ALICE", Cancel, "ledger", "verify", file);
        Assert.Equal(1, untrusted.ExitCode);
        Assert.Contains("Self-consistent only", untrusted.Output, StringComparison.Ordinal);

        var text = await File.ReadAllTextAsync(file, Cancel);
        await File.WriteAllTextAsync(file, text.Replace("\"deny\"", "\"allow\"", StringComparison.Ordinal), Cancel);
        var edited = await _product.RunAsync("ALICE", Cancel, "ledger", "verify", file, "--vkey", _key);
        Assert.Equal(1, edited.ExitCode);
        Assert.Contains("[payload-changed]", edited.Output, StringComparison.Ordinal);
        Assert.Contains("NOT verified.", edited.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await _product.RunAsync("ALICE", Cancel, "ledger", "verify", "nowhere.json")).ExitCode);
        Assert.Equal(2, (await _product.RunAsync("ALICE", Cancel, "ledger", "verify")).ExitCode);
    }

    [Fact]
    public async Task A_tlog_proof_is_for_one_entry_and_a_sigstore_bundle_there_is_not()
    {
        var file = _product.Folder.In("proof");
        var fetched = await _product.RunAsync(
            "ALICE", Cancel, "ledger", "receipt", _id, "--format", "tlog-proof", "--output", file);
        Assert.True(fetched.ExitCode == 0, fetched.ToString());
        var verified = await _product.RunAsync("ALICE", Cancel, "ledger", "verify", file, "--vkey", _key);
        Assert.True(verified.ExitCode == 0, verified.ToString());
        Assert.Contains("review.decided", verified.Output, StringComparison.Ordinal);

        var none = await _product.RunAsync("ALICE", Cancel, "ledger", "receipt", _id, "--format", "sigstore");
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("no Sigstore bundle", none.Errors, StringComparison.Ordinal);
        var answer = await _product.As("ALICE").GetAsync($"v1/actions/{_id}/receipt?format=sigstore", Cancel);
        Assert.Equal("unsupported-format", answer.Problem);
        var foreign = await _product.As("OTHER_BOT").GetAsync($"v1/actions/{_id}/receipt", Cancel);
        Assert.Equal("unknown-action", foreign.Problem);
    }

    [Fact]
    public async Task The_page_says_of_every_vector_what_the_command_says()
    {
        var page = _product.Folder.In("verify.html");
        var served = await _product.WithToken(null).Http.GetStringAsync("console/verify", Cancel);
        await File.WriteAllTextAsync(page, served, Cancel);
        string[] files = [.. Directory.EnumerateFiles(Vectors, "*.json", SearchOption.AllDirectories).Order()];
        var key = (await File.ReadAllTextAsync(Path.Combine(Vectors, "vkey.txt"), Cancel)).Trim();

        string[] all = [.. files, .. TamperedIn(_product.Folder.In("tampered"))];

        var said = await NodeAsync("verify-receipts.mjs", [page, key, .. all]);

        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(all.Length, lines.Length);
        foreach (var (file, line) in all.Zip(lines))
        {
            var bytes = await File.ReadAllBytesAsync(file, Cancel);
            var report = new ReceiptVerifier([NoteVerifierKey.Parse(key)]).Verify(bytes);
            var expected = report.Doubts.Select(found => found.Doubt.ToText()).Distinct().Order(StringComparer.Ordinal);
            Assert.Equal(
                $"{Path.GetFileName(file)}: {string.Join(' ', expected)}",
                $"{Path.GetFileName(file)}: {string.Join(' ', JsonElement.Parse(line).GetProperty("doubts")
                    .EnumerateArray().Select(doubt => doubt.GetString()))}");
        }
    }

    [Fact]
    public async Task The_page_trusts_only_keys_that_it_was_given()
    {
        var page = _product.Folder.In("verify.html");
        await File.WriteAllTextAsync(
            page, await _product.As("ALICE").Http.GetStringAsync("console/verify", Cancel), Cancel);
        var file = await FetchAsync("ALICE");
        var other = (await File.ReadAllTextAsync(Path.Combine(Vectors, "vkey.txt"), Cancel)).Trim();
        var more = _product.Folder.In("more.json");
        var text = await File.ReadAllTextAsync(file, Cancel);
        await File.WriteAllTextAsync(more, text.Replace(
            "\\n\",\n\"entries\"", "\\n\u2014 other AAAAAAAA\\n\",\n\"entries\"", StringComparison.Ordinal), Cancel);

        Assert.Equal("[]", await DoubtsAsync($"# trusted\nlog {_key} https://log.example\nquorum none", file));
        Assert.Equal("""["no-trust"]""", await DoubtsAsync("quorum none", file));
        Assert.Equal("""["unsigned"]""", await DoubtsAsync(other, file));
        Assert.Equal("""["unknown-signature"]""", await DoubtsAsync(_key, more));

        async Task<string> DoubtsAsync(string trust, string receipt) => JsonElement.Parse(
            await NodeAsync("verify-receipts.mjs", [page, trust, receipt])).GetProperty("doubts").GetRawText();
    }

    [Fact]
    public async Task The_page_checks_a_file_in_a_browser_without_any_network()
    {
        var file = await FetchAsync("ALICE");
        await using var anybody = await chromium.OpenAsync(_product.Address);
        await anybody.Page.GotoAsync("/console/verify");
        await anybody.Page.Context.SetOfflineAsync(true);
        await anybody.Page.Locator("#receipt").SetInputFilesAsync(file);
        await anybody.Page.GetByRole(AriaRole.Button, new() { Name = "Verify" }).ClickAsync();
        await Assertions.Expect(anybody.Page.Locator("#verdict")).ToHaveTextAsync(
            "Self-consistent only: say which log you trust.");

        await anybody.Page.GetByLabel("Which log you trust").FillAsync($"log {_key}\nquorum none");
        await anybody.Page.GetByRole(AriaRole.Button, new() { Name = "Verify" }).ClickAsync();
        await Assertions.Expect(anybody.Page.Locator("#verdict")).ToHaveTextAsync(
            "Verified. What is not proved is said below.");
        await Assertions.Expect(anybody.Page.Locator("#story")).ToContainTextAsync(
            "alice: deny (token, gateway-attested)");

        var text = await File.ReadAllTextAsync(file, Cancel);
        var edited = text.Replace("restart_service", "restart_servicE", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, edited, Cancel);
        await anybody.Page.Locator("#receipt").SetInputFilesAsync(file);
        await anybody.Page.GetByRole(AriaRole.Button, new() { Name = "Verify" }).ClickAsync();
        await Assertions.Expect(anybody.Page.Locator("#verdict")).ToHaveTextAsync("NOT verified.");
        Assert.Empty(anybody.Complaints);
    }

    [Fact]
    public async Task The_page_shows_text_that_turns_other_text_around_as_what_it_is()
    {
        var held = await _product.As("DEPLOY_BOT").AskAsync("sdk", "restart_service", "{\"id\":\"a\u202Eb\"}", Cancel);
        await _product.As("ALICE").VoteAsync(held.Id!, "deny", Cancel);
        _id = held.Id!;
        var file = await FetchAsync("ALICE");
        var shown = await _product.RunAsync("ALICE", Cancel, "ledger", "verify", file, "--vkey", _key);
        Assert.DoesNotContain('\u202E', shown.Output);

        await using var anybody = await chromium.OpenAsync(_product.Address);
        await anybody.Page.GotoAsync("/console/verify");
        await anybody.Page.Locator("#receipt").SetInputFilesAsync(file);
        await anybody.Page.GetByRole(AriaRole.Button, new() { Name = "Verify" }).ClickAsync();
        await Assertions.Expect(anybody.Page.Locator("#story")).ToContainTextAsync("⟨U+202E⟩");
        Assert.DoesNotContain('\u202E', await anybody.Page.Locator("#story").TextContentAsync() ?? "");
    }

    [Fact]
    public async Task The_canonical_form_is_that_of_other_peoples_code_for_many_random_documents()
    {
        var file = _product.Folder.In("documents");
        await NodeAsync("random-json.mjs", [$"{Documents}", $"{Seed}", file]);

        var count = 0;
        await foreach (var line in File.ReadLinesAsync(file, Cancel))
        {
            count++;
            var parts = line.Split('\t');
            Assert.True(
                CanonicalJson.TryCanonicalize(
                    Encoding.UTF8.GetBytes(parts[0]), JsonLimits.Default, out var canonical, out var refusal),
                $"{parts[0]}: {refusal?.Message}");
            Assert.Equal(parts[1], canonical.ToString());
        }

        Assert.Equal(Documents, count);
    }

    /// <summary>A receipt with one byte changed, for each of many bytes.</summary>
    private static IEnumerable<string> TamperedIn(string folder)
    {
        Directory.CreateDirectory(folder);
        var whole = File.ReadAllBytes(Path.Combine(Vectors, "approved.json"));
        for (var i = 0; i < whole.Length; i += 13)
        {
            byte[] changed = [.. whole[..i], (byte)(whole[i] ^ 1), .. whole[(i + 1)..]];
            var file = Path.Combine(folder, $"{i:00000}.json");
            File.WriteAllBytes(file, changed);
            yield return file;
        }
    }

    private async Task<string> FetchAsync(string name)
    {
        var file = _product.Folder.In($"{name}.receipt.json");
        var fetched = await _product.RunAsync(name, Cancel, "ledger", "receipt", _id, "--output", file);
        Assert.True(fetched.ExitCode == 0, fetched.ToString());
        return file;
    }

    private static async Task<string> NodeAsync(string script, string[] arguments)
    {
        var options = new ProgramOptions(
            Repository.NodeProgram("node"), [Path.Combine("scripts", script), .. arguments])
        {
            WorkingDirectory = Repository.Node,
        };
        var result = await RunningProgram.RunAsync(options, Cancel);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }
}
