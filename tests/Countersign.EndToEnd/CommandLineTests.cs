using System.Globalization;
using System.Net;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The commands, as a person or a script runs them.</summary>
public sealed class CommandLineTests(SharedBench shared) : IClassFixture<SharedBench>
{
    private readonly Bench _bench = shared.Bench;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Show_and_list_print_data_on_the_output_and_nothing_else()
    {
        var held = await AskAsync("restart_service", "listed");

        var list = await RunAsync("ALICE", "action", "list", "--state", "pending", "--json");
        var lines = await RunAsync("ALICE", "action", "list");
        var shown = await RunAsync("ALICE", "action", "show", held.Id!);
        var json = await RunAsync("ALICE", "action", "show", held.Id!, "--json");

        Assert.All([list, lines, shown, json], run => Assert.Equal((0, ""), (run.ExitCode, run.Errors)));
        Assert.Contains(
            JsonElement.Parse(list.Output).GetProperty("items").EnumerateArray(),
            item => item.GetProperty("id").GetString() == held.Id);
        Assert.Contains(held.Id!, lines.Output, StringComparison.Ordinal);
        Assert.Contains("restarts: A restart interrupts customers.", shown.Output, StringComparison.Ordinal);
        Assert.Contains(held.Digest!, shown.Output, StringComparison.Ordinal);
        Assert.Equal(held.Digest, JsonElement.Parse(json.Output).GetProperty("digest").GetString());
    }

    [Fact]
    public async Task Approve_shows_what_it_approves_on_the_side_of_messages()
    {
        var held = await AskAsync("restart_service", "approved");

        var approved = await RunAsync("ALICE", "action", "approve", held.Id!, "--comment", "it is due", "--json");
        var waited = await RunAsync("ALICE", "action", "wait", held.Id!);

        Assert.Equal(0, approved.ExitCode);
        Assert.Contains("\"approved\"", approved.Errors, StringComparison.Ordinal);
        var vote = JsonElement.Parse(approved.Output).GetProperty("review").GetProperty("votes")[0];
        Assert.Equal("it is due", vote.GetProperty("comment").GetString());
        Assert.Equal("token", vote.GetProperty("assurance").GetString());
        Assert.Equal(0, waited.ExitCode);
        Assert.Contains("Outcome: succeeded", waited.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deny_and_withdraw_end_an_action_and_wait_says_how()
    {
        var denied = await AskAsync("restart_service", "denied");
        var withdrawn = await AskAsync("restart_service", "withdrawn");

        var deny = await RunAsync("ALICE", "action", "deny", denied.Id!, "--comment", "not now");
        var withdraw = await RunAsync("DEPLOY_BOT", "action", "withdraw", withdrawn.Id!);
        var waits = await Task.WhenAll(
            RunAsync("ALICE", "action", "wait", denied.Id!), RunAsync("DEPLOY_BOT", "action", "wait", withdrawn.Id!));

        Assert.Equal((0, 0), (deny.ExitCode, withdraw.ExitCode));
        Assert.All(waits, wait => Assert.Equal(10, wait.ExitCode));
        Assert.Contains("Denied by alice: not now", waits[0].Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_gives_up_with_a_code_of_its_own()
    {
        var held = await AskAsync("restart_service", "pending");

        var waited = await RunAsync("DEPLOY_BOT", "action", "wait", held.Id!, "--seconds", "0");

        Assert.Equal(14, waited.ExitCode);
    }

    [Fact]
    public async Task A_vote_on_a_digest_that_is_not_the_present_one_is_refused()
    {
        var held = await AskAsync("restart_service", "stale");

        var approved = await RunAsync(
            "ALICE", "action", "approve", held.Id!, "--digest", "sha256:" + new string('0', 64));

        Assert.Equal((1, ""), (approved.ExitCode, approved.Output));
        Assert.Contains("not the one of the present revision", approved.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DAVE", 1, "You stand behind this request")]
    [InlineData("NOBODY", 1, "does not know this token")]
    public async Task A_refusal_is_a_message_and_exit_code_one(string who, int code, string message)
    {
        var held = await AskAsync("restart_service", "refused to " + who);

        var run = await RunAsync(who, "action", "approve", held.Id!, "--digest", held.Digest!);

        Assert.Equal((code, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("action", "approve")]
    [InlineData("action", "show", "not-an-id")]
    [InlineData("action", "approv", "act_00000000000000000000000000")]
    [InlineData("ledger", "verify")]
    [InlineData("action", "list", "--limt", "3")]
    [InlineData("action", "list", "--url", "nowhere")]
    [InlineData("action", "list", "--url", "localhost:7070")]
    [InlineData("action", "list", "--url", "/tmp")]
    public async Task A_wrong_command_line_ends_with_two(params string[] arguments)
    {
        var run = await RunAsync("ALICE", arguments);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.NotEmpty(run.Errors);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unavailable()
    {
        var run = await RunAsync("ALICE", "action", "list", "--url", $"http://127.0.0.1:{Ports.Take()}");

        Assert.Equal((13, ""), (run.ExitCode, run.Output));
        Assert.Contains("cannot be reached", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_no_countersign_is_told_apart()
    {
        using var listener = new HttpListener();
        var url = $"http://127.0.0.1:{Ports.Take()}/";
        listener.Prefixes.Add(url);
        listener.Start();
        var asked = listener.GetContextAsync();

        var running = RunAsync("ALICE", "action", "list", "--url", url);
        using (var answer = (await asked.WaitAsync(Cancel)).Response)
        {
            answer.OutputStream.Write("<html>welcome</html>"u8);
        }

        var run = await running;
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("does not answer as Countersign does; see --url", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{0}\n", 0)]
    [InlineData("{0}\nX: y", 2)]
    [InlineData("\n", 2)]
    public async Task A_token_comes_with_its_line_break_and_with_nothing_else(string variable, int code)
    {
        var token = string.Format(CultureInfo.InvariantCulture, variable, ProductFolder.TokenOf("ALICE"));
        var environment = new Dictionary<string, string>
        {
            ["COUNTERSIGN_URL"] = _bench.Product.Address.ToString(),
            ["COUNTERSIGN_TOKEN"] = token,
        };

        var run = await RunningProgram.RunAsync(
            new ProgramOptions(Repository.Binary, "action", "list") { Environment = environment }, Cancel);

        Assert.Equal(code, run.ExitCode);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_check_prints_the_gates_of_each_rule()
    {
        var run = await RunAsync("ALICE", "policy", "check", "policies");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("restarts", run.Output, StringComparison.Ordinal);
        Assert.Contains("mcp", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_check_names_the_place_of_a_mistake()
    {
        var file = _bench.Product.Folder.In("broken.yaml");
        await File.WriteAllTextAsync(
            file, StandardPolicy.Text.Replace("action.operation", "action.gat", StringComparison.Ordinal), Cancel);

        var run = await RunAsync("ALICE", "policy", "check", "broken.yaml");

        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"(?m)^broken\.yaml:6:\d+: .*\(did you mean 'gate'\?\)", run.Errors);
    }

    [Fact]
    public async Task Doctor_finds_nothing_wrong()
    {
        var run = await RunAsync("ALICE", "doctor");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.DoesNotContain("FAIL", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"ready\"", run.Output, StringComparison.Ordinal);
    }

    private Task<ApiAnswer> AskAsync(string operation, string id) =>
        _bench.Agent.AskAsync("ops", operation, $$"""{"id":"{{id}}"}""", Cancel);

    private Task<ProgramResult> RunAsync(string who, params string[] arguments) =>
        _bench.Product.RunAsync(who, Cancel, arguments);
}
