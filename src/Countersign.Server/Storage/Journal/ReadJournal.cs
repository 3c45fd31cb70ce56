using System.Collections.Immutable;
using System.Diagnostics;
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
    /// How often a flush is put off while records still come. Each time all sockets that have bytes are served, so
    /// that those who speak at the same time share it.
    /// </summary>
    private const int MostRounds = 2;

    /// <summary>Flushes that the time of one is told by.</summary>
    private const double Smoothing = 8;

    /// <summary>More than what is usually flushed at a time, for which no file has to be made then.</summary>
    private const int RoomForOne = 256 * 1024;

    private readonly string _store;
    private readonly TimeSpan _patience;
    private readonly int _roomForOne;
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

    /// <summary>Whether somebody flushes or was told to; whoever does goes on until nobody waits.</summary>
    private bool _isUnderWay;

    // Owned by whoever flushes, and by whoever closes when nobody does any more.
    private readonly JournalSegments _segments;
    private TimeSpan _usual;
    private bool _isQuick;
    private bool _isTurnOfThread;
    private int _rounds;
    private int _seen;

    /// <summary>Reads what was left beside a store, and begins behind it.</summary>
    /// <param name="store">The store's file.</param>
    /// <param name="vault">Seals each file's key.</param>
    /// <param name="random">Makes them.</param>
    /// <param name="segmentBytes">How long a file is.</param>
    /// <param name="patience">
    /// How long the thread that serves sockets may wait for the disk, on average; a slower one has its own thread.
    /// </param>
    /// <exception cref="IOException">A file of it cannot be read.</exception>
    public ReadJournal(
        string store, PayloadVault vault, FillRandom random, long segmentBytes = 8 << 20, TimeSpan? patience = null)
    {
        (_store, _patience) = (store, patience ?? TimeSpan.FromMilliseconds(1));
        _roomForOne = (int)Math.Min(RoomForOne, segmentBytes / 4);
        _left = JournalFile.Find(store);
        if (!_left.IsEmpty)
        {
            _remains = JournalFile.Read(_left, vault);
        }

        _segments = new JournalSegments(
            store, vault, random, segmentBytes, number: _left.IsEmpty ? 0 : _left[^1].Number);
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

    public void Append(ActionId subject, ReadOnlySpan<byte> record)
    {
        lock (_gate)
        {
            if (_failure is not null || _isClosing)
            {
                return;
            }

            // It is written into the present file or a later one.
            _live.TryAdd(subject, _segments.Writing);
            _next.Add(subject, record);
        }
    }

    public Task FlushAsync()
    {
        Task durable;
        Writer? writer;
        lock (_gate)
        {
            if (_failure is { } failure)
            {
                return Task.FromException(failure);
            }

            if (_isClosing)
            {
                // What was added since then was not taken.
                return Task.FromException(new StoreUnavailableException("The store is closing."));
            }

            if (_next.IsEmpty)
            {
                return _flushing.WaitAsync();
            }

            writer = _writer ??= TryStart_NeedsLock();
            if (writer is null)
            {
                return Task.FromException(_failure!);
            }

            durable = _next.WaitAsync();
            _next.IsAwaited = true;
            if (_isUnderWay)
            {
                return durable;
            }

            _isUnderWay = true;
        }

        // Not under the lock, which is the first thing that the thread takes.
        Begin(writer);
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
        Task last;
        lock (_gate)
        {
            _isClosing = true;
            writer = _writer;
            last = (_next.IsAwaited ? _next : _flushing).WaitAsync();
        }

        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Away from the thread that ended it: it has to be done with it as well.
        await Task.Yield();
        if (writer is not null)
        {
            writer.Wake.Set();
            writer.Thread.Join();
            writer.Relay.Dispose();
            writer.Wake.Dispose();
        }

        _segments.Release(Needed, all: true);
        await _segments.DisposeAsync();
    }

    private Writer? TryStart_NeedsLock()
    {
        try
        {
            return Start(new WakeEvent(), new SocketRelay());
        }
        catch (IOException e)
        {
            _failure = Failure(e);
            return null;
        }
    }

    private Writer Start(WakeEvent wake, SocketRelay relay)
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "read journal" };
        Writer writer = null!;
        writer = new Writer(thread, wake, relay, () => FlushHere(writer));
        thread.UnsafeStart(writer);
        return writer;
    }

    /// <summary>
    /// The next flush, by whom it takes least: while one is short, the thread that serves sockets is waited for anyway,
    /// and waking another costs more than the flush leaves it to do meanwhile.
    /// </summary>
    private void Begin(Writer writer)
    {
        if (_isQuick)
        {
            writer.Relay.Post(writer.Flush);
        }
        else
        {
            Wake(writer);
        }
    }

    private void Wake(Writer writer)
    {
        Volatile.Write(ref _isTurnOfThread, true);
        writer.Wake.Set();
    }

    private void Run(object? started)
    {
        var writer = (Writer)started!;
        while (true)
        {
            writer.Wake.Wait();
            if (Interlocked.Exchange(ref _isTurnOfThread, false) && Take() is { } group)
            {
                var failure = Write(group);
                writer.Relay.Post(() => group.End(failure));
                GoOn(writer);
            }
            else if (IsClosing)
            {
                return;
            }
        }
    }

    private void FlushHere(Writer writer)
    {
        if (PutsOff())
        {
            writer.Relay.Post(writer.Flush);
        }
        else if (NeedsFile())
        {
            Wake(writer);
        }
        else if (Take() is { } group)
        {
            group.End(Write(group));
            GoOn(writer);
        }
    }

    private void GoOn(Writer writer)
    {
        lock (_gate)
        {
            _isUnderWay = _next.IsAwaited;
            if (!_isUnderWay)
            {
                return;
            }
        }

        Begin(writer);
    }

    private bool PutsOff()
    {
        lock (_gate)
        {
            var isMore = _next.Count != _seen && _rounds < MostRounds;
            (_seen, _rounds) = isMore ? (_next.Count, _rounds + 1) : (0, 0);
            return isMore;
        }
    }

    /// <summary>Whether a file has to be made for it, which takes longer than a flush.</summary>
    private bool NeedsFile()
    {
        lock (_gate)
        {
            return !_segments.HasRoomFor(_next.Bytes.Length);
        }
    }

    /// <summary>What is to be flushed; <c>null</c> when nobody waits for it.</summary>
    private JournalGroup? Take()
    {
        lock (_gate)
        {
            if (!_next.IsAwaited)
            {
                return null;
            }

            (_flushing, _next) = (_next, new JournalGroup());
            return _flushing;
        }
    }

    private bool IsClosing
    {
        get
        {
            lock (_gate)
            {
                return _isClosing;
            }
        }
    }

    /// <summary>The first file that an entry needs.</summary>
    private long Needed
    {
        get
        {
            lock (_gate)
            {
                return _live.Count == 0 ? long.MaxValue : _live.Values.Min();
            }
        }
    }

    /// <summary>Why it is not durable; <c>null</c> when it is.</summary>
    private StoreUnavailableException? Write(JournalGroup group)
    {
        lock (_gate)
        {
            if (_failure is { } earlier)
            {
                return earlier;
            }
        }

        try
        {
            var began = Stopwatch.GetTimestamp();
            if (_segments.Write(group.Bytes))
            {
                _segments.Release(Needed);
            }
            else
            {
                _usual += (Stopwatch.GetElapsedTime(began) - _usual) / Smoothing;
            }

            _isQuick = _usual < _patience && _segments.HasRoomFor(_roomForOne);
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            var failure = Failure(e);
            lock (_gate)
            {
                _failure = failure;
            }

            return failure;
        }
    }

    private StoreUnavailableException Failure(Exception e) => new(
        $"The journal of reads beside '{_store}' cannot be written: {e.Message} Until the server is started again " +
        "reads are recorded one by one, which is slower. Free space, or look after the disk.",
        e);

    /// <summary>
    /// The thread that writes, what wakes it, where those go on who wait, and what is done there in its place.
    /// </summary>
    private sealed record Writer(Thread Thread, WakeEvent Wake, SocketRelay Relay, Action Flush);
}
