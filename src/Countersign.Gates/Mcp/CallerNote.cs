using Countersign.Core.Records;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// What is noted of a client of 2026-07-28 with its held call: what it can do. A server decides by that whether it may
/// ask for input, also when the call runs as a task and its client is elsewhere.
/// </summary>
internal static class CallerNote
{
    private const string Capabilities = "capabilities";

    /// <summary><c>null</c> when there is nothing to note.</summary>
    public static ReadOnlyMemory<byte>? Of(ModernCaller? caller) =>
        caller is { TakesQuestions: true }
            ? RawObject.Empty.With(Capabilities, caller.Capabilities).ToBytes()
            : (ReadOnlyMemory<byte>?)null;

    public static ReadOnlyMemory<byte>? CapabilitiesIn(ActionRecord action) =>
        action.CallerNote is { } note && RawObject.TryRead(note, out var members) ? members.Find(Capabilities) : null;
}
