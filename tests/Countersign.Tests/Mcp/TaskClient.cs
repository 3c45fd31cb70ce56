using System.Text.Json.Nodes;

namespace Countersign.Tests.Mcp;

/// <summary>What a test of tasks asks and reads.</summary>
internal static class TaskClient
{
    /// <summary>A client that declares the extension with every request.</summary>
    public static ModernClient Of(GateHost host, string token = "bot-token") => new(host, token)
    {
        Capabilities = new JsonObject
        {
            ["extensions"] = new JsonObject { ["io.modelcontextprotocol/tasks"] = new JsonObject() },
        },
    };

    public static Task<ModernAnswer> TaskAsync(this ModernClient client, string method, string id) =>
        client.AskAsync(
            "tasks/" + method,
            new JsonObject { ["taskId"] = id, ["inputResponses"] = new JsonObject() });

    public static string IdOf(ModernAnswer answer) => (string)answer.Result["taskId"]!;

    public static (string? ResultType, string? Status) StatusOf(ModernAnswer answer) =>
        ((string?)answer.Result["resultType"], (string?)answer.Result["status"]);
}
