using Countersign.Core.Storage;
using Countersign.Server.Storage;

namespace Countersign.Tests.Storage;

public sealed class WriteQueueTests : IDisposable
{
    private readonly WriteQueue<Write> _queue = new();

    public void Dispose() => _queue.Dispose();

    [Fact]
    public async Task Decisions_overtake_recordings_and_each_lane_keeps_its_order()
    {
        Write[] writes =
        [
            new(ChangePriority.Recording), new(ChangePriority.Decision), new(ChangePriority.Recording),
            new(ChangePriority.Decision),
        ];
        Array.ForEach(writes, _queue.Add);
        Assert.Equal([writes[1], writes[3], writes[0], writes[2]], await _queue.TakeAsync());
    }

    [Fact]
    public async Task A_batch_ends_at_its_limit_of_entries()
    {
        for (var i = 0; i < 3; i++)
        {
            _queue.Add(new Write(entries: 100));
        }

        Assert.Equal(2, (await _queue.TakeAsync()).Count);
        Assert.Single(await _queue.TakeAsync());
    }

    [Fact]
    public async Task A_batch_ends_at_its_limit_of_bytes_but_a_larger_write_goes_alone()
    {
        _queue.Add(new Write(bytes: 5 << 20));
        _queue.Add(new Write(bytes: 600_000));
        _queue.Add(new Write(bytes: 600_000));
        Assert.Single(await _queue.TakeAsync());
        Assert.Single(await _queue.TakeAsync());
        Assert.Single(await _queue.TakeAsync());
    }

    [Fact]
    public void A_full_lane_refuses_and_the_other_still_takes()
    {
        for (var i = 0; i < WriteQueue<Write>.Capacity; i++)
        {
            _queue.Add(new Write(ChangePriority.Recording));
        }

        var refusal = Assert.Throws<StoreUnavailableException>(() => _queue.Add(new Write(ChangePriority.Recording)));
        Assert.Contains("4096 writes are waiting", refusal.Message, StringComparison.Ordinal);
        _queue.Add(new Write(ChangePriority.Decision));
    }

    [Fact]
    public async Task A_lane_is_full_when_too_many_bytes_wait_in_it_and_takes_again_when_they_left()
    {
        _queue.Add(new Write(bytes: WriteQueue<Write>.MaxWaitingBytes));
        var refusal = Assert.Throws<StoreUnavailableException>(() => _queue.Add(new Write()));
        Assert.Contains("wait", refusal.Message, StringComparison.Ordinal);
        _queue.Add(new Write(ChangePriority.Recording));

        Assert.Single(await _queue.TakeAsync());
        _queue.Add(new Write());
    }

    [Fact]
    public async Task A_write_larger_than_everything_that_may_wait_is_taken_by_an_empty_lane()
    {
        _queue.Add(new Write(bytes: WriteQueue<Write>.MaxWaitingBytes + 1));
        Assert.Single(await _queue.TakeAsync());
    }

    [Fact]
    public async Task Who_waits_is_woken_by_the_next_write()
    {
        var taking = _queue.TakeAsync();
        Assert.False(taking.IsCompleted);
        var write = new Write();
        _queue.Add(write);
        Assert.Equal([write], await taking);
    }

    [Fact]
    public async Task A_closed_queue_is_drained_and_takes_nothing_more()
    {
        _queue.Add(new Write());
        _queue.Close();
        Assert.Throws<StoreUnavailableException>(() => _queue.Add(new Write()));
        Assert.Single(await _queue.TakeAsync());
        Assert.Empty(await _queue.TakeAsync());
    }

    [Fact]
    public async Task A_note_goes_with_the_next_write_behind_it()
    {
        using var queue = new WriteQueue<Write>(linger: Timeout.InfiniteTimeSpan);
        queue.Add(new Write());
        Assert.Single(await queue.TakeAsync());
        Write[] writes = [new(ChangePriority.Note), new()];

        queue.Add(writes[0]);
        var taking = queue.TakeAsync();
        Assert.False(taking.IsCompleted);
        queue.Add(writes[1]);

        Assert.Equal([writes[1], writes[0]], await taking);
    }

    [Fact]
    public async Task A_full_batch_carries_notes_all_the_same()
    {
        _queue.Add(new Write(entries: WriteQueue<Write>.MaxBatchEntries));
        _queue.Add(new Write());
        _queue.Add(new Write(ChangePriority.Note, entries: 0));
        Assert.Equal(2, (await _queue.TakeAsync()).Count);
        Assert.Single(await _queue.TakeAsync());
    }

    [Fact]
    public async Task A_note_that_nothing_follows_goes_by_itself()
    {
        var note = new Write(ChangePriority.Note);
        _queue.Add(note);
        Assert.Equal([note], await _queue.TakeAsync());
    }

    [Fact]
    public async Task A_closing_queue_does_not_linger()
    {
        using var queue = new WriteQueue<Write>(linger: Timeout.InfiniteTimeSpan);
        queue.Add(new Write(ChangePriority.Note));
        var taking = queue.TakeAsync();
        Assert.False(taking.IsCompleted);
        queue.Close();
        Assert.Single(await taking);
    }

    private sealed class Write(ChangePriority priority = ChangePriority.Decision, int entries = 1, long bytes = 1)
        : QueuedWrite(priority, entries, bytes);
}
