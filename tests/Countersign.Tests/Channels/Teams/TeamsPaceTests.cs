using Countersign.Server.Channels.Teams;
using Countersign.Tests.Support;

namespace Countersign.Tests.Channels.Teams;

/// <summary>How fast is fast enough for Teams, and not too fast.</summary>
public sealed class TeamsPaceTests
{
    private readonly ManualTime _time = new();
    private readonly TeamsPace _pace;

    public TeamsPaceTests() => _pace = new TeamsPace(_time);

    [Theory]
    [InlineData(7, 0, 1)]
    [InlineData(8, 1, 2)]
    [InlineData(60, 29, 30)]
    public void A_conversation_takes_so_many_within_so_long(int most, int seconds, int window)
    {
        var sent = Enumerable.Range(0, seconds + 1).Sum(SendAt);

        Assert.Equal(most, sent);
        Assert.NotNull(_pace.RoomIn("a"));
        _time.Advance(TimeSpan.FromSeconds(window - seconds));
        Assert.Null(_pace.RoomIn("a"));

        int SendAt(int second)
        {
            _time.Advance(TimeSpan.FromSeconds(second == 0 ? 0 : 1));
            return Enumerable.Range(0, 10).Count(_ => _pace.WhenInstead("a") is null);
        }
    }

    [Fact]
    public void The_whole_app_takes_fifty_a_second()
    {
        var taken = Enumerable.Range(0, 60).Count(i => _pace.WhenInstead($"conversation {i}") is null);

        Assert.Equal(50, taken);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_pace.WhenInstead("another"));
    }

    [Fact]
    public void Refusals_without_a_time_wait_longer_each_time_until_something_works()
    {
        _pace.Pause(told: null, share: 0);
        Assert.Equal(_time.GetUtcNow().AddSeconds(2), _pace.NotBefore);
        _time.Advance(TimeSpan.FromSeconds(2));
        _pace.Pause(told: null, share: 0.5);
        Assert.Equal(_time.GetUtcNow().AddSeconds(6), _pace.NotBefore);
        _time.Advance(TimeSpan.FromSeconds(6));
        _pace.Works();
        _pace.Pause(told: null, share: 0);

        Assert.Equal(_time.GetUtcNow().AddSeconds(2), _pace.NotBefore);
        Assert.Equal(_pace.NotBefore, _pace.WhenInstead("a"));
    }

    [Fact]
    public void No_refusal_silences_the_channel_for_more_than_five_minutes()
    {
        _pace.Pause(TimeSpan.FromDays(1), share: 0);

        Assert.Equal(_time.GetUtcNow().AddMinutes(5), _pace.NotBefore);
    }
}
