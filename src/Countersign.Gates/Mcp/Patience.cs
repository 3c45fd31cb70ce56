namespace Countersign.Gates.Mcp;

/// <summary>
/// How long a client can be kept waiting for people, by how long it was measured to wait. The client's name is its own
/// claim; all it can gain by lying is to wait longer or shorter.
/// </summary>
internal static class Patience
{
    private static readonly TimeSpan s_unknownClient = TimeSpan.FromSeconds(45);

    public static TimeSpan Of(string client, bool getsProgress, McpOptions options)
    {
        if (options.Patience.TryGetValue(client, out var configured))
        {
            return configured;
        }

        return client switch
        {
            // Only progress keeps it waiting beyond five minutes, so without a token it counts as unknown.
            "claude-code" when getsProgress => TimeSpan.FromMinutes(30),
            "codex-mcp-client" => TimeSpan.FromSeconds(280),
            "gemini-cli-mcp-client" => TimeSpan.FromMinutes(9),
            _ => s_unknownClient,
        };
    }
}
