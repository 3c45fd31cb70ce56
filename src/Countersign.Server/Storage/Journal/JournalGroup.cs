using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Journal;

/// <summary>Records that become durable together, and those who wait for it.</summary>
internal sealed class JournalGroup
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    // Guards those below.
    private readonly Lock _gate = new();
    private readonly List<TaskCompletionSource> _waiting = [];
    private StoreUnavailableException? _failure;
    private bool _isOver;

    /// <summary>What was written before anything was.</summary>
    public static JournalGroup Nothing { get; } = new() { _isOver = true };

    public bool IsEmpty => _bytes.WrittenCount == 0;

    /// <summary>Whether somebody waits, so that the thread was woken for it.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>How many records it has.</summary>
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

    /// <summary>
    /// Ends when it was written. Each who waits has a task of its own, because a task of many lets only one of them go
    /// on in the thread that ends it.
    /// </summary>
    public Task WaitAsync()
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return _failure is null ? Task.CompletedTask : Task.FromException(_failure);
            }

            var waiting = new TaskCompletionSource();
            _waiting.Add(waiting);
            return waiting.Task;
        }
    }

    /// <summary>
    /// It was written, or could not be. Those who wait go on here, unless here is the thread pool, where they need not
    /// wait for each other.
    /// </summary>
    public void End(StoreUnavailableException? failure)
    {
        lock (_gate)
        {
            (_isOver, _failure) = (true, failure);
        }

        foreach (var waiting in _waiting)
        {
            if (Thread.CurrentThread.IsThreadPoolThread)
            {
                ThreadPool.UnsafeQueueUserWorkItem(End, waiting, preferLocal: false);
            }
            else
            {
                End(waiting);
            }
        }
    }

    private void End(TaskCompletionSource waiting)
    {
        if (_failure is null)
        {
            waiting.SetResult();
            return;
        }

        waiting.SetException(_failure);
        // Nobody may be waiting any more.
        _ = waiting.Task.Exception;
    }

    private void Add(ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.GetSpan(sizeof(int)), value.Length);
        _bytes.Advance(sizeof(int));
        _bytes.Write(value);
    }
}
