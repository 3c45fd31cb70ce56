using System.Collections.Concurrent;
using Countersign.Core;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>A tool as the upstream server describes it, and whether that description is the accepted one.</summary>
internal sealed record KnownTool(Definition Definition, RawObject Members, DefinitionStanding Standing, long SeenAt)
{
    /// <summary>
    /// Clients that check results against an output schema throw on anything else (reference section 3.2, step 6).
    /// </summary>
    public bool HasOutputSchema => Members.Find("outputSchema") is not null;
}

/// <summary>The tools that one session's upstream server was seen to have.</summary>
internal sealed class ToolCatalog
{
    private readonly ConcurrentDictionary<string, KnownTool> _tools = new();

    public KnownTool? Find(string name) => _tools.GetValueOrDefault(name);

    public void Keep(KnownTool tool) => _tools[tool.Definition.Name] = tool;

    /// <summary>The server said that its tools changed, or it is another connection.</summary>
    public void Forget() => _tools.Clear();
}
