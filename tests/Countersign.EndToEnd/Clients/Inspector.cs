using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd.Clients;

/// <summary>The command line of MCP Inspector: a process, and a session, for every question.</summary>
/// <param name="endpoint">The gate.</param>
/// <param name="token">The agent's.</param>
/// <param name="era">Its word for what it speaks: <c>legacy</c>, which is its default, or <c>modern</c>.</param>
internal sealed class Inspector(Uri endpoint, string token, string era = "legacy") : IToolClient
{
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        var answer = await RunAsync(cancellationToken, "--method", "tools/list");
        return [.. answer.GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("name").GetString()!)];
    }

    public async Task<ToolAnswer> CallAsync(string tool, JsonObject arguments, CancellationToken cancellationToken)
    {
        var pairs = arguments.SelectMany(member => new[] { "--tool-arg", $"{member.Key}={TextOf(member.Value!)}" });
        return ToolAnswer.Of(
            await RunAsync(cancellationToken, ["--method", "tools/call", "--tool-name", tool, .. pairs]));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string TextOf(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();

    private async Task<JsonElement> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var run = await RunningProgram.RunAsync(
            new ProgramOptions(
                Repository.NodeProgram("node"),
                [
                    Repository.NodeProgram("mcp-inspector"), "--cli", endpoint.ToString(), "--transport", "http",
                    "--protocol-era", era, "--header", $"Authorization: Bearer {token}", "--format", "json",
                    .. arguments,
                ])
            {
                WorkingDirectory = Repository.Node,
            },
            cancellationToken);
        try
        {
            return JsonElement.Parse(run.Output).GetProperty("result");
        }
        catch (Exception noResult) when (noResult is JsonException or KeyNotFoundException)
        {
            throw new InvalidOperationException($"Inspector ended with {run}", noResult);
        }
    }
}
