using Countersign.Core;
using Countersign.Core.Records;

namespace Countersign.Gates.Mcp;

/// <summary>An answer to one request, and what has to happen once it has left or failed to leave.</summary>
internal sealed record Reply(ReadOnlyMemory<byte> Message) : IDisposable
{
    /// <summary>Holds the outcome for this caller until then.</summary>
    public Handled? Handled { get; init; }

    /// <summary>The HTTP status, as long as no stream has begun.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The action whose outcome is in the message.</summary>
    public ActionRecord? Outcome { get; init; }

    public void Dispose() => Handled?.Dispose();
}
