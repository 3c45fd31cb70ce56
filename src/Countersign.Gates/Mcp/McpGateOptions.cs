using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Gates.Access;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Mcp;

/// <summary>What this gate needs from the server.</summary>
internal sealed record McpGateOptions(Gatekeeper Gatekeeper, DefinitionDesk Definitions, Func<Charter> Charter)
{
    public required Authenticate Authenticate { get; init; }

    /// <summary>Which agents people stopped: nothing of theirs comes in, and what is open is cut.</summary>
    public required StoppedAgents Stopped { get; init; }

    public required DryRun DryRun { get; init; }

    /// <summary>Where a task that its client cancels is withdrawn.</summary>
    public required ReviewDesk ReviewDesk { get; init; }

    /// <summary>The present options of a target; the same object as long as they are the same.</summary>
    public required Func<TargetName, McpOptions?> Target { get; init; }

    /// <summary>Where people look at an action.</summary>
    public required Func<ActionId, Uri> ReviewUrl { get; init; }

    /// <summary>The address agents use; requests from web pages of other origins are refused.</summary>
    public required Uri PublicUrl { get; init; }

    /// <summary>32 bytes that seal session ids; the same on every node, and after a restart.</summary>
    public required ReadOnlyMemory<byte> SessionKey { get; init; }

    public required FillRandom Random { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    public JsonLimits Json { get; init; } = JsonLimits.Default;

    public McpLimits Limits { get; init; } = new();
}
