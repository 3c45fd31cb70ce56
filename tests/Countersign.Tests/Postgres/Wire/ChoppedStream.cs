namespace Countersign.Tests.Postgres.Wire;

/// <summary>
/// Bytes that arrive in pieces of chosen sizes, as a network may cut them; counts what it was asked for.
/// </summary>
internal sealed class ChoppedStream(byte[] content, Func<int> nextSize) : MemoryStream(content)
{
    /// <summary>The largest room that a read offered: the buffer of the reader.</summary>
    public int LargestRoom { get; private set; }

    /// <summary>The room that the latest read offered.</summary>
    public int LatestRoom { get; private set; }

    public int Reads { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Reads++;
        LatestRoom = buffer.Length;
        LargestRoom = Math.Max(LargestRoom, buffer.Length);
        var size = Math.Min(buffer.Length, Math.Max(1, nextSize()));
        return base.ReadAsync(buffer[..size], cancellationToken);
    }
}
