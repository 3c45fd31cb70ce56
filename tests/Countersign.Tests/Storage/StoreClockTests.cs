using Countersign.Server.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage;

public sealed class StoreClockTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void It_follows_the_system_in_whole_milliseconds()
    {
        var clock = new StoreClock(_time);
        var start = clock.Now;
        _time.Advance(TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond + 1));
        Assert.Equal(start + TimeSpan.FromMilliseconds(1), clock.Now);
    }

    [Fact]
    public void It_stands_still_while_the_system_goes_back()
    {
        var clock = new StoreClock(_time);
        var start = clock.Now;
        _time.Advance(TimeSpan.FromDays(-1));
        Assert.Equal(start, clock.Now);
    }

    [Fact]
    public void After_a_commit_it_waits_for_the_next_millisecond()
    {
        var clock = new StoreClock(TimeProvider.System);
        for (var commit = 0; commit < 100; commit++)
        {
            var committed = clock.Now;
            clock.PassBy(committed);
            Assert.True(clock.Now > committed);
        }
    }

    [Fact]
    public void It_does_not_wait_for_a_clock_that_stands_still()
    {
        var clock = new StoreClock(_time);
        var committed = clock.Now;

        clock.PassBy(committed);
        clock.PassBy(committed);

        Assert.Equal(committed, clock.Now);
    }

    [Fact]
    public void It_is_never_before_the_time_it_was_seeded_with()
    {
        var clock = new StoreClock(_time);
        var later = _time.GetUtcNow() + TimeSpan.FromHours(1);
        clock.AdvanceTo(later);
        Assert.Equal(later, clock.Now);
        clock.AdvanceTo(later - TimeSpan.FromMinutes(1));
        Assert.Equal(later, clock.Now);
    }
}
