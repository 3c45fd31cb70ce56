using System.Collections.Concurrent;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Journal;

namespace Countersign.Tests.Storage.Journal;

/// <summary>Work that goes on where sockets are served, and those who wait for a group of records.</summary>
public sealed class SocketRelayTests
{
    [Fact]
    public async Task Whatever_many_threads_hand_over_is_done_once_and_in_the_order_of_each()
    {
        using var relay = new SocketRelay();
        var done = new ConcurrentQueue<(int From, int Number)>();
        var all = new TaskCompletionSource();
        await Parallel.ForAsync(0, 8, (from, _) =>
        {
            for (var number = 0; number < 5_000; number++)
            {
                var each = (from, number);
                relay.Post(() => Take(each));
            }

            return ValueTask.CompletedTask;
        });
        await all.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(40_000, done.Count);
        Assert.All(
            done.GroupBy(each => each.From),
            of => Assert.Equal(Enumerable.Range(0, 5_000), of.Select(each => each.Number)));

        void Take((int, int) each)
        {
            done.Enqueue(each);
            if (done.Count == 40_000)
            {
                all.SetResult();
            }
        }
    }

    [Fact]
    public async Task What_work_hands_over_comes_after_what_was_handed_over_before()
    {
        using var relay = new SocketRelay();
        var (rounds, isNested, done) = (0, false, new TaskCompletionSource());
        relay.Post(Again);
        await done.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.False(isNested);

        void Again()
        {
            var before = rounds++;
            if (before == 1_000)
            {
                done.SetResult();
                return;
            }

            relay.Post(Again);
            isNested |= rounds != before + 1;
        }
    }

    [Fact]
    public async Task Work_is_done_again_after_there_was_none_for_a_while()
    {
        using var relay = new SocketRelay();
        for (var round = 0; round < 200; round++)
        {
            var done = new TaskCompletionSource();
            relay.Post(done.SetResult);
            await done.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void What_is_left_when_it_ends_is_done_all_the_same()
    {
        var done = 0;
        for (var round = 0; round < 100; round++)
        {
            var relay = new SocketRelay();
            relay.Post(() => Interlocked.Increment(ref done));
            relay.Dispose();
        }

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref done) == 100, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Everybody_who_waits_for_a_group_hears_how_it_ended_however_late()
    {
        var (written, lost) = (new JournalGroup(), new JournalGroup());
        var failure = new StoreUnavailableException("The disk is full.");
        Task[] early = [written.WaitAsync(), written.WaitAsync(), lost.WaitAsync(), lost.WaitAsync()];
        Assert.All(early, waiting => Assert.False(waiting.IsCompleted));
        written.End(null);
        lost.End(failure);

        await Task.WhenAll(early[0], early[1], written.WaitAsync())
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        foreach (var waiting in new[] { early[2], early[3], lost.WaitAsync() })
        {
            Assert.Same(failure, await Assert.ThrowsAsync<StoreUnavailableException>(
                () => waiting.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)));
        }
    }

    [Fact]
    public void A_thread_that_was_woken_before_it_slept_does_not_sleep()
    {
        using var wake = new WakeEvent();
        wake.Set();
        wake.Set();
        wake.Wait();
        var isAwake = false;
        var thread = new Thread(() =>
        {
            wake.Wait();
            Volatile.Write(ref isAwake, true);
        });
        thread.Start();
        Assert.False(Volatile.Read(ref isAwake));
        wake.Set();
        Assert.True(thread.Join(TimeSpan.FromMinutes(1)));
        Assert.True(isAwake);
    }

    [Fact]
    public void Waking_a_thread_that_has_ended_is_no_failure()
    {
        var wake = new WakeEvent();
        wake.Dispose();

        Assert.Null(Record.Exception(wake.Set));
    }
}
