using Countersign.Core.Reviews;

namespace Countersign.Core.Reads;

/// <summary>
/// One read that has ended: what was read, and what came of it. The parameters are copied when it is handed over.
/// </summary>
/// <param name="Statement">What it has in common with others.</param>
/// <param name="Parameters">Its own parameters, in the gate's encoding.</param>
/// <param name="At">When it was sent, by the store's clock.</param>
public readonly record struct ReadNote(
    ReadStatement Statement, ReadOnlyMemory<byte> Parameters, DateTimeOffset At)
{
    /// <summary>From sending to the end of the answer.</summary>
    public TimeSpan Duration { get; init; }

    public OutcomeState State { get; init; }

    /// <summary>Why it failed or is unknown, in a few words such as an SQLSTATE; <c>null</c> on success.</summary>
    public string? Error { get; init; }

    /// <summary>Rows that the caller got.</summary>
    public long Rows { get; init; }

    /// <summary>Bytes that the caller got.</summary>
    public long Bytes { get; init; }
}

/// <summary>
/// Where a read under <c>with</c> stands that was recorded when it was sent; the default is one that was not.
/// </summary>
public readonly record struct ReadMark
{
    internal ReadMark(ReadBatch batch, int place) => (Batch, Place) = (batch, place);

    internal ReadBatch? Batch { get; }

    internal int Place { get; }

    /// <summary>Whether the read is recorded already, as one whose answer goes on.</summary>
    public bool IsBegun => Batch is not null;
}

/// <summary>
/// Permission for one read to run before it is recorded: it counts in the window that was open when it began.
/// </summary>
public readonly record struct ReadTicket
{
    private readonly ReadWindow? _window;

    internal ReadTicket(ReadWindow window) => _window = window;

    internal ReadWindow Window =>
        _window ?? throw new InvalidOperationException("A default ReadTicket lets nothing run.");

    /// <summary>The read was not sent after all.</summary>
    public void GiveBack() => Window.GiveBack();
}
