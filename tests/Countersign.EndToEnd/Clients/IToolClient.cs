using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.EndToEnd.Clients;

/// <summary>A public MCP client, driven as its users drive it.</summary>
internal interface IToolClient : IAsyncDisposable
{
    Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken);

    Task<ToolAnswer> CallAsync(string tool, JsonObject arguments, CancellationToken cancellationToken);
}

/// <summary>The result of a tool call as a client hands it on.</summary>
internal sealed record ToolAnswer(bool IsError, string Text, string? Status)
{
    /// <summary>Reads a <c>CallToolResult</c>.</summary>
    public static ToolAnswer Of(JsonElement result) => new(
        result.TryGetProperty("isError", out var isError) && isError.ValueKind == JsonValueKind.True,
        string.Concat(result.GetProperty("content").EnumerateArray().Select(TextOf)),
        result.TryGetProperty("structuredContent", out var structured) && structured.ValueKind == JsonValueKind.Object
            && structured.TryGetProperty("status", out var status) ? status.GetString() : null);

    private static string TextOf(JsonElement block) =>
        block.TryGetProperty("text", out var text) ? text.GetString()! : "";
}
