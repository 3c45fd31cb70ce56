using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>What whoever keeps a ledger does with it: export, restore, rotate, seal.</summary>
public sealed class LedgerCareTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("jsonl")]
    [InlineData("csv")]
    public async Task An_admin_exports_a_slice_and_a_stranger_verifies_the_file(string format)
    {
        await using var product = await StartAsync();
        var key = await KeyOfAsync(product);
        var file = product.Folder.In("slice." + format);

        var run = await ExportAsync(product, "ALICE", file, "--payloads", "--format", format);
        var verified = await product.RunAsync(
            "BOB", Cancel, "ledger", "verify", "--export", file, "--vkey", key, "--json");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.True(verified.ExitCode == 0, verified.ToString());
        var report = JsonElement.Parse(verified.Output);
        Assert.True(report.GetProperty("verified").GetBoolean());
        Assert.True(report.GetProperty("to").GetInt64() > 3);
        Assert.Contains("restart_service", await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        await product.VerifyLedgerAsync(Cancel);

        await File.WriteAllTextAsync(
            file,
            (await File.ReadAllTextAsync(file, Cancel)).Replace("restart_service", "restart_sarvice",
                StringComparison.Ordinal),
            Cancel);
        var tampered = await product.RunAsync("BOB", Cancel, "ledger", "verify", "--export", file, "--vkey", key);
        Assert.Equal(1, tampered.ExitCode);
        Assert.Contains("NOT verified.", tampered.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Payloads_are_exported_to_admins_only_and_agents_export_nothing()
    {
        await using var product = await StartAsync();
        var size = await product.As("ALICE").LedgerSizeAsync(Cancel);

        var person = await ExportAsync(product, "BOB", product.Folder.In("bob.jsonl"), "--payloads");
        var agent = await ExportAsync(product, "DEPLOY_BOT", product.Folder.In("bot.jsonl"));

        Assert.Equal((1, 1), (person.ExitCode, agent.ExitCode));
        Assert.Contains("only admins", person.Errors, StringComparison.Ordinal);
        Assert.Contains("Only people", agent.Errors, StringComparison.Ordinal);
        Assert.Equal(size, await product.As("ALICE").LedgerSizeAsync(Cancel));
        Assert.Equal(0, (await ExportAsync(product, "BOB", product.Folder.In("leaves.jsonl"))).ExitCode);
        Assert.Equal(size + 1, await product.As("ALICE").LedgerSizeAsync(Cancel));
    }

    [Fact]
    public async Task A_restored_copy_is_refused_until_two_persons_accept_it()
    {
        await using var product = await StartAsync();
        await product.StopAsync(Cancel);
        var copy = product.Folder.In("copy.db");
        File.Copy(product.Folder.Database, copy);
        await product.StartAgainAsync(Cancel);
        await product.As("DEPLOY_BOT").AskAsync("sdk", "read_report", """{"id":77}""", Cancel);
        var kept = product.Folder.In("kept-checkpoint");
        await File.WriteAllTextAsync(
            kept, await product.As("ALICE").Http.GetStringAsync("ledger/checkpoint", Cancel), Cancel);
        await product.StopAsync(Cancel);
        File.Copy(copy, product.Folder.Database, overwrite: true);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => product.StartAgainAsync(Cancel));
        Assert.Contains("was rolled back", refused.Message, StringComparison.Ordinal);
        Assert.Contains("accept-restore", refused.Message, StringComparison.Ordinal);
        Assert.Equal(14, (await AcceptAsync(product, "ALICE")).ExitCode);
        Assert.Equal(13, (await AcceptAsync(product, "ALICE")).ExitCode);
        var accepted = await AcceptAsync(product, "BOB");
        Assert.True(accepted.ExitCode == 0, accepted.ToString());
        await product.StartAgainAsync(Cancel);

        await product.VerifyLedgerAsync(Cancel);
        var seen = await product.RunAsync(
            "ALICE", Cancel, "ledger", "verify", "--store", "sqlite:" + product.Folder.Database, "--seen", kept,
            "--vkey", await KeyOfAsync(product));
        Assert.Equal(1, seen.ExitCode);
        Assert.Contains("FAULT", seen.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_is_rotated_by_the_configuration_and_the_old_line_still_verifies()
    {
        await using var product = await StartAsync();
        var old = await KeyOfAsync(product);
        await product.StopAsync(Cancel);
        var newKey = product.Folder.In("data/new.key");
        var made = await RunningProgram.RunAsync(
            new ProgramOptions("openssl", "genpkey", "-algorithm", "ed25519", "-out", newKey), Cancel);
        Assert.True(made.ExitCode == 0, made.ToString());
        File.SetUnixFileMode(newKey, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var text = await File.ReadAllTextAsync(product.Folder.Configuration, Cancel);
        await File.WriteAllTextAsync(
            product.Folder.Configuration,
            text.Replace(
                "key: data/ledger.key }",
                "key: data/new.key, previous_key: data/ledger.key, payload_key: data/ledger.key.payload, "
                + "head_file: data/ledger.key.head }",
                StringComparison.Ordinal),
            Cancel);
        await product.StartAgainAsync(Cancel);

        Assert.NotEqual(old, await KeyOfAsync(product));
        foreach (var line in (string[])[old, await KeyOfAsync(product)])
        {
            var run = await product.RunAsync(
                "ALICE", Cancel, "ledger", "verify", "--store", "sqlite:" + product.Folder.Database, "--vkey", line);
            Assert.True(run.ExitCode == 0, run.ToString());
            Assert.Contains("was followed by", run.Output, StringComparison.Ordinal);
        }

        var notes = await product.As("ALICE").Http.GetStringAsync("ledger/key/successions", Cancel);
        Assert.Equal(1, JsonElement.Parse(notes).GetArrayLength());
        await product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task Keys_are_sealed_under_a_passphrase_of_the_environment()
    {
        var options = new ProductOptions
        {
            Ledger = ", passphrase: env:LEDGER_PASSPHRASE",
            Environment = new Dictionary<string, string> { ["LEDGER_PASSPHRASE"] = "correct horse battery staple" },
        };
        await using var product = await Product.StartAsync(options, Cancel);
        await product.As("DEPLOY_BOT").AskAsync("sdk", "read_report", """{"id":1}""", Cancel);

        foreach (var file in (string[])["data/ledger.key", "data/ledger.key.payload"])
        {
            Assert.StartsWith(
                "-----BEGIN ENCRYPTED ",
                await File.ReadAllTextAsync(product.Folder.In(file), Cancel),
                StringComparison.Ordinal);
        }

        await product.StopAsync(Cancel);
        await product.StartAgainAsync(Cancel);
        await product.VerifyLedgerAsync(Cancel);
    }

    private static async Task<Product> StartAsync()
    {
        var product = await Product.StartAsync(new ProductOptions(), Cancel);
        var agent = product.As("DEPLOY_BOT");
        var held = await agent.AskAsync("sdk", "restart_service", """{"id":1}""", Cancel);
        await agent.AskAsync("sdk", "drop_table", """{"id":2}""", Cancel);
        await product.As("ALICE").VoteAsync(held.Id!, "approve", Cancel);
        return product;
    }

    private static async Task<string> KeyOfAsync(Product product) =>
        (await product.RunAsync("ALICE", Cancel, "ledger", "key")).Output.Trim();

    private static Task<ProgramResult> ExportAsync(Product product, string who, string file, params string[] more) =>
        product.RunAsync(who, Cancel, ["ledger", "export", "--out", file, "--reason", "the audit", .. more]);

    private static Task<ProgramResult> AcceptAsync(Product product, string who) => product.RunAsync(
        who, Cancel, "ledger", "accept-restore", "--comment", "The disk broke.");
}
