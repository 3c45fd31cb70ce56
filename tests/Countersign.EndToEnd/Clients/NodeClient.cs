using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd.Clients;

/// <summary>A client of the TypeScript SDK in a process of its own, which takes one command a line.</summary>
internal sealed class NodeClient : IToolClient
{
    private readonly RunningProgram _script;

    private NodeClient(RunningProgram script) => _script = script;

    /// <param name="script">A file of <c>node/scripts</c>.</param>
    /// <param name="endpoint">The target's MCP endpoint.</param>
    /// <param name="token">The agent's token.</param>
    public static NodeClient Start(string script, Uri endpoint, string token) => new(RunningProgram.Start(
        new ProgramOptions(
            Repository.NodeProgram("node"), Path.Combine("scripts", script), endpoint.ToString(), token)
        {
            WorkingDirectory = Repository.Node,
        }));

    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync(new JsonObject { ["method"] = "list" }, cancellationToken);
        return [.. answer.GetProperty("tools").EnumerateArray().Select(name => name.GetString()!)];
    }

    /// <summary>The revision it agreed upon with the gate.</summary>
    public async Task<string?> VersionAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync(new JsonObject { ["method"] = "version" }, cancellationToken);
        return answer.GetProperty("version").GetString();
    }

    public async Task<ToolAnswer> CallAsync(string tool, JsonObject arguments, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(Command(tool, arguments), cancellationToken);
        return ToolAnswer.Of(answer.GetProperty("result"));
    }

    /// <summary>Calls with a time-out of the client's own, and returns the words in which it gave up.</summary>
    public async Task<string> CallInVainAsync(
        string tool, JsonObject arguments, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var command = Command(tool, arguments);
        command["timeout"] = timeout.TotalMilliseconds;
        var answer = await AskAsync(command, cancellationToken);
        return answer.GetProperty("failure").GetString()!;
    }

    public async ValueTask DisposeAsync() => await _script.DisposeAsync();

    private static JsonObject Command(string tool, JsonObject arguments) =>
        new() { ["method"] = "call", ["name"] = tool, ["args"] = arguments.DeepClone() };

    private async Task<JsonElement> AskAsync(JsonObject command, CancellationToken cancellationToken)
    {
        await _script.WriteLineAsync(command.ToJsonString(), cancellationToken);
        var line = await _script.ReadLineAsync(cancellationToken).WaitAsync(Limits.HeldCall, cancellationToken)
            ?? throw new InvalidOperationException($"The client ended: {_script.Errors}");
        var answer = JsonElement.Parse(line);
        return answer.TryGetProperty("failure", out var failure) && !command.ContainsKey("timeout")
            ? throw new InvalidOperationException($"The client failed: {failure}")
            : answer;
    }
}
