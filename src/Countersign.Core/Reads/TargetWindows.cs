using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Core.Reads;

/// <summary>
/// The windows of one target at this node: the one that takes reads, and those that are not complete.
/// </summary>
internal sealed class TargetWindows(ReadWindows windows, TargetName target)
{
    /// <summary>How many windows may be used up by others before a read is told to come back.</summary>
    private const int MaxRounds = 16;

    // Guards the three below.
    private readonly Lock _lock = new();
    private ReadWindow? _current;
    private Task? _opening;
    private ImmutableList<ReadWindow> _known = [];

    /// <summary>
    /// The windows that this node will end; <c>null</c> while one is being declared, whose entry nobody knows yet.
    /// </summary>
    public ImmutableArray<long>? Entries
    {
        get
        {
            lock (_lock)
            {
                return _opening is { IsCompleted: false } ? null : [.. _known.Select(window => window.Entry)];
            }
        }
    }

    /// <summary>Ends when no window is being declared any more; it does not throw.</summary>
    public Task Opening
    {
        get
        {
            lock (_lock)
            {
                return (_opening ?? Task.CompletedTask).ContinueWith(
                    static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    public bool TryBegin(out ReadTicket ticket)
    {
        var (window, now) = (Volatile.Read(ref _current), windows.Now);
        if (window is null || !window.TryBegin(now, out var isLastPart))
        {
            ticket = default;
            return false;
        }

        if (isLastPart)
        {
            _ = BeginOpening(window);
        }

        ticket = new ReadTicket(window);
        return true;
    }

    /// <summary>Waits until a window is durable.</summary>
    /// <exception cref="StoreUnavailableException">None could be opened; nothing may run.</exception>
    public async Task<ReadTicket> BeginAsync(CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var seen = Volatile.Read(ref _current);
            if (TryBegin(out var ticket))
            {
                return ticket;
            }

            await BeginOpening(seen).WaitAsync(cancellationToken);
        }

        throw new StoreUnavailableException(
            $"Other reads of '{target}' used up {MaxRounds} windows while this one waited; it was not sent. Ask " +
            "again.");
    }

    /// <summary>The windows that take no reads any more; with <paramref name="all"/> every one.</summary>
    public ImmutableList<ReadWindow> TakeOver(DateTimeOffset now, bool all)
    {
        lock (_lock)
        {
            if (_current is { } current && (all || current.IsOver(now)))
            {
                current.Seal();
                Volatile.Write(ref _current, null);
            }

            return _known.FindAll(window => window.IsSealed);
        }
    }

    public void Forget(ReadWindow window)
    {
        lock (_lock)
        {
            _known = _known.Remove(window);
        }
    }

    /// <summary>
    /// The task that opens the successor of a window: one, however many ask; nothing when it has been opened already.
    /// </summary>
    private Task BeginOpening(ReadWindow? seen)
    {
        lock (_lock)
        {
            if (_opening is not { IsCompleted: false })
            {
                _opening = _current == seen ? OpenAsync() : Task.CompletedTask;
            }

            return _opening;
        }
    }

    private async Task OpenAsync()
    {
        // Whoever asked holds the lock and perhaps a read.
        await Task.Yield();
        var next = await windows.OpenAsync(target);
        lock (_lock)
        {
            _current?.Seal();
            _known = _known.Add(next);
            Volatile.Write(ref _current, next);
        }
    }
}
