using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
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
    private const double BusyShare = 3;
    private const double IdleShare = 1.2;

    private const double Smoothing = 8;

    private readonly string _store;
    private readonly PayloadVault _vault;
    private readonly FillRandom _random;
    private readonly long _segmentBytes;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly ImmutableArray<(string Path, long Number)> _left;

    // Guards those below.
    private readonly Lock _gate = new();
    private readonly Dictionary<ActionId, long> _live = [];
    private Group _next = new();
    private Task _flushing = Task.CompletedTask;
    private StoreUnavailableException? _failure;
    private Thread? _thread;
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
        lock (_gate)
        {
            if (_failure is { } failure)
            {
                return Task.FromException(failure);
            }

            if (_next.IsEmpty)
            {
                return _flushing;
            }

            if (!_next.IsAwaited)
            {
                _next.IsAwaited = true;
                Wake_NeedsLock();
            }

            return _next.Durable;
        }
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
        Thread? thread;
        lock (_gate)
        {
            _isClosing = true;
            thread = _thread;
            _wake.Release();
        }

        thread?.Join();
        await DeleteSpareAsync();
        Release(all: true);
        _wake.Dispose();
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

    private void Wake_NeedsLock()
    {
        if (_thread is null)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "read journal" };
            _thread.Start();
        }

        _wake.Release();
    }

    private void Run()
    {
        while (true)
        {
            _wake.Wait();
            Group group;
            lock (_gate)
            {
                if (_isClosing && !_next.IsAwaited)
                {
                    return;
                }

                (group, _next) = (_next, new Group());
                _flushing = group.Durable;
            }

            _share += (group.Count - _share) / Smoothing;
            Volatile.Write(ref _isBusy, _share > (_isBusy ? IdleShare : BusyShare));
            Write(group);
        }
    }

    private void Write(Group group)
    {
        try
        {
            SegmentFor(group.Bytes.Length).Write(group.Bytes);
            group.Succeed();
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

            group.Fail(failure);
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

    /// <summary>Records that become durable together.</summary>
    private sealed class Group
    {
        // The thread must not run its callers' code, so continuations go to the thread pool.
        private readonly TaskCompletionSource _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Task Durable => _durable.Task;

        public bool IsEmpty => _bytes.WrittenCount == 0;

        /// <summary>Whether somebody waits, so that the thread was woken for it.</summary>
        public bool IsAwaited { get; set; }

        public int Count { get; private set; }

        public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

        public void Add(ActionId subject, ReadOnlySpan<byte> record)
        {
            Span<byte> id = stackalloc byte[subject.Value.Length];
            Encoding.ASCII.GetBytes(subject.Value, id);
            Add(id);
            Add(record);
            Count++;
        }

        public void Succeed() => _durable.TrySetResult();

        public void Fail(Exception failure)
        {
            _durable.TrySetException(failure);
            // Nobody may be waiting any more.
            _ = _durable.Task.Exception;
        }

        private void Add(ReadOnlySpan<byte> value)
        {
            BinaryPrimitives.WriteInt32BigEndian(_bytes.GetSpan(sizeof(int)), value.Length);
            _bytes.Advance(sizeof(int));
            _bytes.Write(value);
        }
    }
}
