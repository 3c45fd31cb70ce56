using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>A journal in memory, whose flushes end when a test says so.</summary>
internal sealed class PlayedJournal : IReadJournal
{
    private readonly List<JournalRecord> _records = [];
    private readonly HashSet<ActionId> _settled = [];
    private TaskCompletionSource? _held;

    /// <summary>What is in it and not settled, as a crash would leave it.</summary>
    public JournalRemains Unsettled => new([.. _records.Where(record => !_settled.Contains(record.Subject))], null);

    public JournalRemains? Remains { get; set; }

    /// <summary>Why no flush succeeds.</summary>
    public StoreUnavailableException? Failure { get; set; }

    public void Append(ActionId subject, ReadOnlySpan<byte> record)
    {
        lock (_records)
        {
            _records.Add(new JournalRecord(subject, record.ToArray()));
        }
    }

    public Task FlushAsync() =>
        Failure is { } failure ? Task.FromException(failure) : _held?.Task ?? Task.CompletedTask;

    public void Settle(ActionId subject)
    {
        lock (_records)
        {
            _settled.Add(subject);
        }
    }

    public void ForgetRemains() => Remains = null;

    /// <summary>Keeps flushes from ending until <see cref="Finish"/>.</summary>
    public void Hold() => _held = new TaskCompletionSource();

    public void Finish() => _held!.SetResult();
}
