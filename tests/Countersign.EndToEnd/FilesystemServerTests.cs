using System.Text.Json.Nodes;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The public filesystem server over stdio behind the gate: files show what really happened.</summary>
public sealed class FilesystemServerTests : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: reading
            reason: Reading changes nothing.
            when: mcp.tool in ["read_text_file", "list_directory"]
            then: allow
          - id: writing
            reason: Somebody looks at what is written.
            when: mcp.tool in ["write_file", "move_file"]
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("countersign-e2e-files-").FullName;
    private Product _product = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(In("greeting.txt"), "hello", Cancel);
        var options = new ProductOptions
        {
            Targets = StdioTarget.Of("files", "server-filesystem", _folder),
            Policy = Policy,
        };
        _product = await Product.StartAsync(options, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _product.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Its_tools_are_listed_and_what_is_allowed_works()
    {
        await using var client = Connect();

        var tools = await client.ListAsync(Cancel);
        var text = await client.CallAsync("read_text_file", Arguments("greeting.txt"), Cancel);

        Assert.Superset(new HashSet<string> { "read_text_file", "write_file", "approval_wait" }, tools.ToHashSet());
        Assert.False(text.IsError);
        Assert.Equal("hello", text.Text);
    }

    [Fact]
    public async Task An_approved_write_is_written()
    {
        await using var client = Connect();

        var calling = client.CallAsync("write_file", Arguments("approved.txt", "exactly this"), Cancel);
        var held = await _product.As("ALICE").FindAsync("pending", Cancel);
        Assert.False(File.Exists(In("approved.txt")));
        await _product.As("ALICE").VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);
        var answer = await calling;

        Assert.False(answer.IsError, answer.Text);
        Assert.Equal("exactly this", await File.ReadAllTextAsync(In("approved.txt"), Cancel));
    }

    [Fact]
    public async Task A_denied_write_is_not()
    {
        await using var client = Connect();

        var calling = client.CallAsync("write_file", Arguments("denied.txt", "never"), Cancel);
        var held = await _product.As("ALICE").FindAsync("pending", Cancel);
        await _product.As("ALICE").VoteAsync(held.GetProperty("id").GetString()!, "deny", Cancel);
        var answer = await calling;

        Assert.True(answer.IsError);
        Assert.Contains("Denied by alice", answer.Text, StringComparison.Ordinal);
        Assert.False(File.Exists(In("denied.txt")));
    }

    [Fact]
    public async Task What_the_policy_does_not_know_is_refused()
    {
        await using var client = Connect();

        var answer = await client.CallAsync("create_directory", Arguments("unasked"), Cancel);

        Assert.True(answer.IsError);
        Assert.Contains("nothing was executed", answer.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(In("unasked")));
    }

    [Fact]
    public async Task A_move_held_beyond_the_clients_patience_happens_once()
    {
        await File.WriteAllTextAsync(In("from.txt"), "moved", Cancel);
        var arguments = new JsonObject { ["source"] = In("from.txt"), ["destination"] = In("to.txt") };
        await using var client = Connect();

        var pending = await client.CallAsync("move_file", arguments, Cancel);
        var held = await _product.As("ALICE").FindAsync("pending", Cancel);
        Assert.True(File.Exists(In("from.txt")));
        await _product.As("ALICE").VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);
        var answer = await client.CallAsync("move_file", arguments, Cancel);

        Assert.Contains("PENDING APPROVAL", pending.Text, StringComparison.Ordinal);
        // A second move would have failed, since its source is gone.
        Assert.False(answer.IsError, answer.Text);
        Assert.Equal("moved", await File.ReadAllTextAsync(In("to.txt"), Cancel));
        await _product.VerifyLedgerAsync(Cancel);
    }

    private string In(string name) => Path.Combine(_folder, name);

    private JsonObject Arguments(string name, string? content = null)
    {
        var arguments = new JsonObject { ["path"] = In(name) };
        if (content is not null)
        {
            arguments["content"] = content;
        }

        return arguments;
    }

    private NodeClient Connect() =>
        NodeClient.Start("sdk-v1.mjs", _product.Mcp("files"), ProductFolder.TokenOf("DEPLOY_BOT"));
}
