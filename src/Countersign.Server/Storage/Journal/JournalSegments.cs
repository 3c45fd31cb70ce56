using Countersign.Core;

namespace Countersign.Server.Storage.Journal;

/// <summary>The files that a journal writes, one after the other. Whoever flushes owns it for as long.</summary>
internal sealed class JournalSegments(
    string store, PayloadVault vault, FillRandom random, long segmentBytes, long number) : IAsyncDisposable
{
    private readonly Queue<JournalSegment> _segments = new();
    private JournalSegment? _current;
    private Task<JournalSegment>? _spare;

    /// <summary>Of the newest file, which may be a spare one.</summary>
    private long _number = number;

    private long _writing;

    /// <summary>The number of the file that is written to; anybody may read it.</summary>
    public long Writing => Volatile.Read(ref _writing);

    /// <summary>Whether so many bytes can be written without a new file.</summary>
    public bool HasRoomFor(int bytes) => _current is { } current && current.HasRoomFor(bytes);

    /// <summary>Writes one frame; it is durable when this returns.</summary>
    /// <returns>Whether a file was begun for it.</returns>
    /// <exception cref="IOException">It may not be.</exception>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        var isNew = !HasRoomFor(bytes.Length);
        if (isNew)
        {
            Begin(bytes.Length);
        }

        _current!.Write(bytes);
        return isNew;
    }

    /// <summary>
    /// Deletes the files before <paramref name="needed"/>; with <paramref name="all"/> the present one too.
    /// </summary>
    public void Release(long needed, bool all = false)
    {
        while (_segments.TryPeek(out var oldest) && oldest.Number < needed && (all || oldest != _current))
        {
            Delete(_segments.Dequeue());
        }
    }

    /// <summary>What was not released stays on the disk.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_segments.TryDequeue(out var kept))
        {
            kept.Dispose();
        }

        try
        {
            if (_spare is { } spare)
            {
                Delete(await spare);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It could not be made, or stays as an empty file that the next start takes away.
        }
    }

    private void Begin(int bytes)
    {
        var made = _spare is { } spare ? spare.GetAwaiter().GetResult() : Create(++_number, segmentBytes);
        _spare = null;
        while (!made.HasRoomFor(bytes))
        {
            // One that is too small for a single group is passed over, and goes with the others.
            _segments.Enqueue(made);
            made = Create(++_number, bytes + JournalSegment.FrameOverhead + JournalSegment.HeadBytes);
        }

        if (_current is not null)
        {
            // A busy journal; the next file is made while this one is filled.
            var next = ++_number;
            _spare = Task.Run(() => Create(next, segmentBytes));
        }

        _segments.Enqueue(made);
        _current = made;
        Volatile.Write(ref _writing, made.Number);
    }

    private JournalSegment Create(long number, long length) =>
        JournalSegment.Create(JournalFile.PathOf(store, number), number, length, vault, random);

    private static void Delete(JournalSegment segment)
    {
        segment.Dispose();
        File.Delete(segment.Path);
    }
}
