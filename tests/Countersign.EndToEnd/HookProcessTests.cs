using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The hook as a process of its own: what its agent sees when something ends it, or the server.</summary>
public sealed class HookProcessTests : IDisposable
{
    private const string Told =
        """
        {"session_id":"s","cwd":"/src","hook_event_name":"PreToolUse","tool_name":"Bash",
         "tool_input":{"command":"make test"},"tool_use_id":"t"}
        """;

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
                when: command.tool == "Bash"
                then:
                  require:
                    stages: [ { of: group:platform, need: 1, within: 30m } ]
                    assurance: token

            """,
    };

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("countersign-hook-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public async Task A_hook_that_is_terminated_blocks()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        await using var hook = await StartAsync(product);
        await product.As("ALICE").FindAsync("pending", Cancel);

        var ended = await hook.TerminateAsync(Cancel);

        Assert.True(ended.ExitCode == 2, ended.ToString());
        Assert.Equal("", ended.Output);
        Assert.Contains("was not executed", Assert.Single(ended.Errors.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_held_hook_outlives_its_server()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        await using var hook = await StartAsync(product);
        var held = await product.As("ALICE").FindAsync("pending", Cancel);

        await product.KillAsync();
        await product.StartAgainAsync(Cancel);
        await product.As("ALICE").VoteAsync(IdOf(held), "approve", Cancel);
        var ended = await hook.WaitAsync(Cancel).WaitAsync(Limits.Soon, Cancel);

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Contains($"{IdOf(held)} approved by alice", ended.Output, StringComparison.Ordinal);
        Assert.Equal("", ended.Errors);
        Assert.Equal("executing", (await product.As("ALICE").ShowAsync(IdOf(held), Cancel)).State);
    }

    /// <summary>Whoever could set a proxy for it would read its token and answer in the server's place.</summary>
    [Fact]
    public async Task A_hook_asks_its_server_and_no_proxy_of_the_environment()
    {
        await using var product = await Product.StartAsync(s_options, Cancel);
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var address = $"http://{proxy.LocalEndpoint}";
        await using var hook = await StartAsync(
            product, ("http_proxy", address), ("HTTP_PROXY", address), ("ALL_PROXY", address));

        var held = await product.As("ALICE").FindAsync("pending", Cancel);
        await product.As("ALICE").VoteAsync(IdOf(held), "approve", Cancel);
        var ended = await hook.WaitAsync(Cancel).WaitAsync(Limits.Soon, Cancel);

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.False(proxy.Pending());
    }

    private async Task<RunningProgram> StartAsync(Product product, params (string Name, string Value)[] variables)
    {
        var hook = RunningProgram.Start(new ProgramOptions(
            Repository.Binary, "hook", "claude-code", "--target", "laptop", "--timeout", "600")
        {
            Environment = new Dictionary<string, string>(
                variables.Select(variable => KeyValuePair.Create(variable.Name, variable.Value)))
            {
                ["HOME"] = _home.FullName,
                ["COUNTERSIGN_URL"] = product.Address.ToString(),
                ["COUNTERSIGN_TOKEN"] = ProductFolder.TokenOf("DEPLOY_BOT"),
            },
        });
        await hook.WriteLineAsync(Told, Cancel);
        hook.CloseInput();
        return hook;
    }

    private static string IdOf(JsonElement action) => action.GetProperty("id").GetString()!;
}
