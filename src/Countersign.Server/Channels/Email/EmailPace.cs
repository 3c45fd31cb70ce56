namespace Countersign.Server.Channels.Email;

/// <summary>Spreads mails over time: short bursts, and a configured number each minute.</summary>
internal sealed class EmailPace(int perMinute, TimeProvider time)
{
    private readonly TimeSpan _each = TimeSpan.FromMinutes(1) / perMinute;
    private readonly int _burst = Math.Min(EmailLimits.Burst, perMinute);

    /// <summary>When the next mail would go out, did all go out evenly. Only the outbox's loop comes here.</summary>
    private DateTimeOffset _even = DateTimeOffset.UnixEpoch;

    private DateTimeOffset _pausedUntil;

    /// <summary>Nothing goes out before this time; in the past when something may.</summary>
    public DateTimeOffset NotBefore
    {
        get
        {
            var next = _even - (_each * (_burst - 1));
            return next > _pausedUntil ? next : _pausedUntil;
        }
    }

    public void Pause(TimeSpan wait) => _pausedUntil = time.GetUtcNow() + wait;

    /// <summary>Takes one mail; otherwise says when the next may go out.</summary>
    public DateTimeOffset? WhenInstead()
    {
        var now = time.GetUtcNow();
        if (now < NotBefore)
        {
            return NotBefore;
        }

        _even = (_even > now ? _even : now) + _each;
        return null;
    }
}
