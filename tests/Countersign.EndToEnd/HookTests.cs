using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Agents;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// The coding agents that people have, each with the hook that the product installed and a model that is played.
/// Whether the tool ran is read from what it would have written, not from what anybody says.
/// </summary>
public abstract class HookTests
{
    private const int Timeout = 600;
    private const int ShortestTimeout = 20;
    private const int Asked = 40;
    private const int Changed = 50;

    private static readonly ProductOptions s_options = new()
    {
        Targets = "  laptop: { gate: hook, environment: development }",
        Policy =
            """
            version: 1
            default: deny
            rules:
              - id: shell
                reason: A person looks at what runs here.
                when: command.tool in ["Bash", "run_shell_command"]
                then:
                  require:
                    stages: [ { of: group:platform, need: 1, within: 30m } ]
                    assurance: token

            """,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_approved_call_runs_once_and_its_outcome_is_reported()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        using var agent = AgentOf(product.Address, ProductFolder.TokenOf("DEPLOY_BOT"));
        await using var model = await BeginAsync(agent, Timeout, Asked, mostCalls: 1);

        var running = agent.RunAsync(model.Address, Cancel);
        var held = await FindAsync(product, running);
        await product.As("ALICE").VoteAsync(IdOf(held), "approve", Cancel);

        await EndAsync(running);
        Assert.Equal(HookedAgent.Printed(Asked), agent.Marker);
        Assert.Contains(HookedAgent.Printed(Asked), Assert.Single(model.Told), StringComparison.Ordinal);
        await AssertReportedAsync(product, IdOf(held));
        Assert.Equal(agent.Client, held.GetProperty("arguments").GetProperty("host").GetString());
        Assert.Equal(HookedAgent.CommandLine(Asked), CommandOf(held));
    }

    [Fact]
    public async Task A_changed_call_runs_as_people_approved_it()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        using var agent = AgentOf(product.Address, ProductFolder.TokenOf("DEPLOY_BOT"));
        await using var model = await BeginAsync(agent, Timeout, Changed, mostCalls: 1, asks: Asked);

        var running = agent.RunAsync(model.Address, Cancel);
        var held = await FindAsync(product, running);
        var arguments = JsonNode.Parse(held.GetProperty("arguments").GetRawText())!;
        arguments["input"]!["command"] = HookedAgent.CommandLine(Changed);
        var wish = new JsonObject
        {
            ["digest"] = held.GetProperty("digest").GetString(),
            ["arguments"] = arguments,
            ["comment"] = "these instead",
        };
        var revised = await product.As("ALICE").PostAsync(
            $"v1/actions/{IdOf(held)}/revisions", wish.ToJsonString(), Cancel);
        Assert.True(revised.State == "pending", revised.ToString());
        await product.As("BOB").VoteAsync(IdOf(held), "approve", Cancel);

        await EndAsync(running);
        Assert.Equal(HookedAgent.Printed(Changed), agent.Marker);
        Assert.Contains(HookedAgent.Printed(Changed), Assert.Single(model.Told), StringComparison.Ordinal);
        await AssertReportedAsync(product, IdOf(held));
    }

    [Fact]
    public async Task A_denied_call_does_not_run_and_the_model_is_told_why()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        using var agent = AgentOf(product.Address, ProductFolder.TokenOf("DEPLOY_BOT"));
        await using var model = await BeginAsync(agent, Timeout, Asked, mostCalls: 1);

        var running = agent.RunAsync(model.Address, Cancel);
        var held = await FindAsync(product, running);
        await product.As("ALICE").VoteAsync(IdOf(held), "deny", Cancel);

        await EndAsync(running);
        AssertBlocked(agent, model, "alice says: deny by a test");
    }

    [Fact]
    public async Task Nothing_runs_while_the_server_is_away()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        using var agent = AgentOf(product.Address, ProductFolder.TokenOf("DEPLOY_BOT"));
        await using var model = await BeginAsync(agent, Timeout, Asked, mostCalls: 1);
        await product.StopAsync(Cancel);

        await EndAsync(agent.RunAsync(model.Address, Cancel));

        AssertBlocked(agent, model, "cannot be reached");
    }

    [Fact]
    public async Task Nothing_runs_with_a_wrong_token()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        using var agent = AgentOf(product.Address, "a-token-that-nobody-has");
        await using var model = await BeginAsync(agent, Timeout, Asked, mostCalls: 1);

        await EndAsync(agent.RunAsync(model.Address, Cancel));

        // The agents write an apostrophe in their own ways.
        AssertBlocked(agent, model, "does not know the hook");
    }

    [Fact]
    public async Task A_call_past_its_deadline_is_blocked_and_runs_when_it_is_repeated_after_the_approval()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        using var agent = AgentOf(product.Address, ProductFolder.TokenOf("DEPLOY_BOT"));
        await using var model = await BeginAsync(agent, ShortestTimeout, Asked, mostCalls: 6);

        var running = agent.RunAsync(model.Address, Cancel);
        var held = await FindAsync(product, running);
        await model.DisappointedAsync(Cancel);
        Assert.Null(agent.Marker);
        await product.As("ALICE").VoteAsync(IdOf(held), "approve", Cancel);

        await EndAsync(running);
        Assert.Contains($"PENDING APPROVAL {IdOf(held)}: not executed.", model.Told[0], StringComparison.Ordinal);
        Assert.Equal(HookedAgent.Printed(Asked), agent.Marker);
        await AssertReportedAsync(product, IdOf(held));
    }

    [Fact]
    public async Task The_doctor_proves_the_installed_hook_and_sees_when_it_would_only_block()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        using var agent = AgentOf(product.Address, ProductFolder.TokenOf("DEPLOY_BOT"));
        await agent.InstallAsync(Timeout, Cancel);

        var proven = await agent.HookAsync(Cancel, "--doctor");
        await product.StopAsync(Cancel);
        var blocking = await agent.HookAsync(Cancel, "--doctor");

        Assert.True(proven.ExitCode == 0, proven.ToString());
        Assert.Contains("a probe was refused by the server", proven.Output, StringComparison.Ordinal);
        Assert.Contains("advisory", proven.Output, StringComparison.Ordinal);
        Assert.True(blocking.ExitCode == 1, blocking.ToString());
        Assert.Contains("blocked, but not by the server", blocking.Output, StringComparison.Ordinal);
    }

    private protected abstract HookedAgent AgentOf(Uri server, string token);

    /// <summary>An agent with its hook, and the model that will ask for one command.</summary>
    private static async Task<PlayedModel> BeginAsync(
        HookedAgent agent, int timeout, int result, int mostCalls, int? asks = null)
    {
        await agent.InstallAsync(timeout, Cancel);
        var call = agent.Shell(HookedAgent.CommandLine(asks ?? result), HookedAgent.Printed(result));
        var model = agent.ModelFor(call with { MostCalls = mostCalls });
        await model.StartAsync(Cancel);
        return model;
    }

    /// <summary>The held action; an agent that ended before says why.</summary>
    private static async Task<JsonElement> FindAsync(Product product, Task<ProgramResult> running)
    {
        var found = product.As("ALICE").FindAsync("pending", Cancel);
        return await Task.WhenAny(found, running) == found
            ? await found
            : throw new InvalidOperationException((await running).ToString());
    }

    private static async Task EndAsync(Task<ProgramResult> running)
    {
        var ended = await running.WaitAsync(Limits.HeldCall, Cancel);
        Assert.True(ended.ExitCode == 0, ended.ToString());
    }

    private static void AssertBlocked(HookedAgent agent, PlayedModel model, string words)
    {
        Assert.Null(agent.Marker);
        Assert.Contains(words, Assert.Single(model.Told), StringComparison.Ordinal);
    }

    private static async Task AssertReportedAsync(Product product, string id)
    {
        var ended = await product.As("ALICE").WaitForEndAsync(id, Cancel);
        Assert.True(ended.State == "succeeded", ended.ToString());
        Assert.True(ended.Json.GetProperty("outcome").GetProperty("self_reported").GetBoolean());
    }

    private static string IdOf(JsonElement action) => action.GetProperty("id").GetString()!;

    private static string? CommandOf(JsonElement action) =>
        action.GetProperty("arguments").GetProperty("input").GetProperty("command").GetString();
}

public sealed class ClaudeCodeHookTests : HookTests
{
    private protected override HookedAgent AgentOf(Uri server, string token) => new HookedClaudeCode(server, token);
}

public sealed class CodexHookTests : HookTests
{
    private protected override HookedAgent AgentOf(Uri server, string token) => new HookedCodex(server, token);
}

public sealed class GeminiCliHookTests : HookTests
{
    private protected override HookedAgent AgentOf(Uri server, string token) => new HookedGeminiCli(server, token);
}
