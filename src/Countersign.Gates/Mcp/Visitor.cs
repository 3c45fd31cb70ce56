using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Gates.Mcp;

/// <summary>An agent that was let in to one target.</summary>
internal sealed record Visitor(Asker Asker, Target Target, McpOptions Options);
