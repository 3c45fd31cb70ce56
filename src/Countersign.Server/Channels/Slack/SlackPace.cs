namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Keeps calls below Slack's rates: about one new message a second for a channel, fifty updates a minute, short bursts
/// of either. After a 429 nothing goes out before Slack's time is over.
/// </summary>
internal sealed class SlackPace(TimeProvider time)
{
    private readonly Bucket _posts = new(Burst: 5, PerSecond: 1);
    private readonly Bucket _updates = new(Burst: 15, PerSecond: 50 / 60.0);
    private DateTimeOffset _notBefore;

    /// <summary>When nothing may go out until; in the past when something may.</summary>
    public DateTimeOffset NotBefore => _notBefore;

    public void Pause(TimeSpan wait)
    {
        var until = time.GetUtcNow() + wait;
        _notBefore = until > _notBefore ? until : _notBefore;
    }

    /// <summary>Takes one call; otherwise says when the next may be made.</summary>
    public DateTimeOffset? WhenInstead(bool isUpdate)
    {
        var now = time.GetUtcNow();
        return now < _notBefore ? _notBefore : (isUpdate ? _updates : _posts).Take(now);
    }

    private sealed record Bucket(int Burst, double PerSecond)
    {
        private double _left = Burst;
        private DateTimeOffset _at;

        public DateTimeOffset? Take(DateTimeOffset now)
        {
            _left = Math.Min(Burst, _left + Math.Max(0, (now - _at).TotalSeconds * PerSecond));
            _at = now;
            if (_left < 1)
            {
                return now + TimeSpan.FromSeconds((1 - _left) / PerSecond);
            }

            _left--;
            return null;
        }
    }
}
