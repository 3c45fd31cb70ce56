using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Journal;

/// <summary>
/// The journal of an embedded store: files beside it, encrypted like its payloads. Whatever was added while one flush
/// ran shares the next one.
/// </summary>
/// <remarks>
/// A file goes when no entry needs it any more, oldest first; a planned stop leaves none. After a failure nothing more
/// is written, because a flush that failed once may call the next one a success: who needs it durable has to commit it.
/// </remarks>
internal sealed class ReadJournal : IReadJournal, IAsyncDisposable
{
    /// <summary>
    /// Records that flushes share, on average, before sessions are told that it is busy, and until they are told that
    /// it is no more: a busy journal gets one record of a read, and otherwise two.
    /// </summary>
    private const double BusyShare = 8;
    private const double IdleShare = 2.5;

    private const double Smoothing = 8;

    private readonly string _store;
    private readonly PayloadVault _vault;
    private readonly FillRandom _random;
    private readonly long _segmentBytes;
    private readonly ImmutableArray<(string Path, long Number)> _left;

    // Guards those below.
    private readonly Lock _gate = new();
    private readonly Dictionary<ActionId, long> _live = [];
    private JournalGroup _next = new();
    private JournalGroup _flushing = JournalGroup.Nothing;
    private StoreUnavailableException? _failure;
    private Writer? _writer;
    private bool _isClosing;
    private JournalRemains? _remains;

    /// <summary>Of the newest file, which may be a spare one.</summary>
    private long _number;

    /// <summary>Of the file that is written to.</summary>
    private long _writing;

    // Written by the thread only.
    private bool _isBusy;

    // Owned by the thread, and after it by whoever closes.
    private double _share;
    private readonly Queue<JournalSegment> _segments = new();
    private JournalSegment? _current;
    private Task<JournalSegment>? _spare;

    /// <summary>Reads what was left beside a store, and begins behind it.</summary>
    /// <exception cref="IOException">A file of it cannot be read.</exception>
    public ReadJournal(string store, PayloadVault vault, FillRandom random, long segmentBytes = 8 << 20)
    {
        (_store, _vault, _random, _segmentBytes) = (store, vault, random, segmentBytes);
        _left = JournalFile.Find(store);
        if (!_left.IsEmpty)
        {
            _remains = JournalFile.Read(_left, vault);
            _number = _left[^1].Number;
        }
    }

    public JournalRemains? Remains
    {
        get
        {
            lock (_gate)
            {
                return _remains;
            }
        }
    }

    public bool IsBusy => Volatile.Read(ref _isBusy);

    public void Append(ActionId subject, ReadOnlySpan<byte> record)
    {
        lock (_gate)
        {
            if (_failure is not null || _isClosing)
            {
                return;
            }

            // It is written into the present file or a later one.
            _live.TryAdd(subject, _writing);
            _next.Add(subject, record);
        }
    }

    public Task FlushAsync()
    {
        Task durable;
        WakeEvent wake;
        lock (_gate)
        {
            if (_failure is { } failure)
            {
                return Task.FromException(failure);
            }

            if (_next.IsEmpty)
            {
                return _flushing.WaitAsync();
            }

            if (_isClosing && !_next.IsAwaited)
            {
                return Task.FromException(new StoreUnavailableException("The store is closing."));
            }

            durable = _next.WaitAsync();
            if (_next.IsAwaited)
            {
                return durable;
            }

            _next.IsAwaited = true;
            wake = (_writer ??= Start_NeedsLock()).Wake;
        }

        // Not under the lock, which is the first thing that the thread takes.
        wake.Set();
        return durable;
    }

    public void Settle(ActionId subject)
    {
        lock (_gate)
        {
            _live.Remove(subject);
        }
    }

    public void ForgetRemains()
    {
        lock (_gate)
        {
            if (_remains is null)
            {
                return;
            }

            _remains = null;
        }

        foreach (var (path, _) in _left)
        {
            File.Delete(path);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Writer? writer;
        lock (_gate)
        {
            _isClosing = true;
            writer = _writer;
        }

        if (writer is not null)
        {
            writer.Wake.Set();
            writer.Thread.Join();
            writer.Relay.Dispose();
            writer.Wake.Dispose();
        }

        await DeleteSpareAsync();
        Release(all: true);
    }

    private async Task DeleteSpareAsync()
    {
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

    private Writer Start_NeedsLock()
    {
        var (wake, relay) = (new WakeEvent(), new SocketRelay());
        var thread = new Thread(() => Run(wake, relay)) { IsBackground = true, Name = "read journal" };
        thread.UnsafeStart();
        return new Writer(thread, wake, relay);
    }

    private void Run(WakeEvent wake, SocketRelay relay)
    {
        while (true)
        {
            wake.Wait();
            JournalGroup group;
            lock (_gate)
            {
                if (!_next.IsAwaited)
                {
                    if (_isClosing)
                    {
                        return;
                    }

                    continue;
                }

                (group, _next) = (_next, new JournalGroup());
                _flushing = group;
            }

            _share += (group.Count - _share) / Smoothing;
            Volatile.Write(ref _isBusy, _share > (_isBusy ? IdleShare : BusyShare));
            var failure = Write(group);
            relay.Post(() => group.End(failure));
        }
    }

    /// <summary>Why it is not durable; <c>null</c> when it is.</summary>
    private StoreUnavailableException? Write(JournalGroup group)
    {
        try
        {
            SegmentFor(group.Bytes.Length).Write(group.Bytes);
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            var failure = new StoreUnavailableException(
                $"The journal of reads beside '{_store}' cannot be written: {e.Message} Until the server is started " +
                "again reads are recorded one by one, which is slower. Free space, or look after the disk.",
                e);
            lock (_gate)
            {
                _failure = failure;
            }

            return failure;
        }
    }

    private JournalSegment SegmentFor(int bytes)
    {
        if (_current is { } current && current.HasRoomFor(bytes))
        {
            return current;
        }

        var made = _spare is { } spare ? spare.GetAwaiter().GetResult() : Create(NextNumber(), _segmentBytes);
        _spare = null;
        while (!made.HasRoomFor(bytes))
        {
            // One that is too small for a single group is passed over, and goes with the others.
            _segments.Enqueue(made);
            made = Create(NextNumber(), bytes + JournalSegment.FrameOverhead + JournalSegment.HeadBytes);
        }

        if (_current is not null)
        {
            // A busy journal; the next file is made while this one is filled.
            var number = NextNumber();
            _spare = Task.Run(() => Create(number, _segmentBytes));
        }

        _segments.Enqueue(made);
        _current = made;
        lock (_gate)
        {
            _writing = made.Number;
        }

        Release(all: false);
        return made;
    }

    private JournalSegment Create(long number, long length) =>
        JournalSegment.Create(JournalFile.PathOf(_store, number), number, length, _vault, _random);

    private long NextNumber()
    {
        lock (_gate)
        {
            return ++_number;
        }
    }

    /// <summary>
    /// Deletes the files that no entry needs any more; with <paramref name="all"/> the present one too.
    /// </summary>
    private void Release(bool all)
    {
        long needed;
        lock (_gate)
        {
            needed = _live.Count == 0 ? long.MaxValue : _live.Values.Min();
        }

        while (_segments.TryPeek(out var oldest) && oldest.Number < needed && (all || oldest != _current))
        {
            Delete(_segments.Dequeue());
        }

        if (all)
        {
            while (_segments.TryDequeue(out var kept))
            {
                kept.Dispose();
            }
        }
    }

    private static void Delete(JournalSegment segment)
    {
        segment.Dispose();
        File.Delete(segment.Path);
    }

    /// <summary>The thread that writes, what wakes it, and where those go on who wait for it.</summary>
    private sealed record Writer(Thread Thread, WakeEvent Wake, SocketRelay Relay);
}
