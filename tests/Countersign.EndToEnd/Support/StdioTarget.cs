namespace Countersign.EndToEnd.Support;

/// <summary>A target whose upstream is one of the public MCP servers, run as a program.</summary>
internal static class StdioTarget
{
    /// <summary>The line of configuration for an npm package that serves MCP over stdio.</summary>
    public static string Of(string name, string package, params string[] arguments)
    {
        var script = Path.Combine(
            Repository.Node, "node_modules", "@modelcontextprotocol", package, "dist", "index.js");
        var command = string.Join(
            ", ", arguments.Prepend(script).Prepend(Repository.NodeProgram("node")).Select(part => $"\"{part}\""));
        return $$"""  {{name}}: { gate: mcp, environment: production, upstream: { command: [{{command}}] } }""";
    }
}
