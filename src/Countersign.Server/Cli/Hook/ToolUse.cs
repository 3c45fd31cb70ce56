using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>One call of a tool, as its coding agent tells a hook.</summary>
/// <param name="Tool">The tool's name, which becomes the operation.</param>
/// <param name="Input">Its input: an object.</param>
internal sealed record ToolUse(string Tool, JsonElement Input)
{
    /// <summary>Where the agent works; empty when it does not say.</summary>
    public string Directory { get; init; } = "";

    public string? Session { get; init; }

    /// <summary>The agent's id of this call, which its post hook repeats; not every agent has one.</summary>
    public string? Id { get; init; }

    /// <summary>The address of the MCP server whose tool this is, where the agent says it.</summary>
    public Uri? McpServer { get; init; }

    /// <summary>The hook event, as the agent spells it.</summary>
    public required string Event { get; init; }
}

/// <summary>What a coding agent calls its hook for.</summary>
internal abstract record HookEvent
{
    private HookEvent()
    {
    }

    /// <summary>The tool runs unless the hook blocks it.</summary>
    internal sealed record Before(ToolUse Use) : HookEvent;

    /// <summary>The tool has run.</summary>
    /// <param name="Use">The call.</param>
    /// <param name="Error">What went wrong, as the agent says; <c>null</c> when it says nothing of that.</param>
    internal sealed record After(ToolUse Use, string? Error) : HookEvent;

    /// <summary>A session begins.</summary>
    internal sealed record Begin(string? Session, string Directory) : HookEvent;
}

/// <summary>What is to become of a call.</summary>
internal abstract record HookAnswer
{
    private HookAnswer()
    {
    }

    internal sealed record Block(string Reason) : HookAnswer;

    /// <summary>People approved it: the agent's user is not asked once more.</summary>
    internal sealed record Approve(string Reason) : HookAnswer;

    /// <summary>People approved another input, which replaces the whole of the asked one.</summary>
    internal sealed record Replace(string Reason, ReadOnlyMemory<byte> Input) : HookAnswer;

    /// <summary>Nothing stands against it; what the agent itself asks its user stays as it is.</summary>
    internal sealed record Pass : HookAnswer;
}

/// <summary>How the hook ends: the exit code and both streams, byte for byte what the agent reads.</summary>
internal sealed record HookOutput(int ExitCode, string Output, string Errors)
{
    /// <summary>Nothing to say.</summary>
    public static HookOutput Silence { get; } = new(0, "", "");
}

/// <summary>Why a call cannot go on; the message is for the model and its user.</summary>
internal sealed class HookFailure(string message) : Exception(message);
