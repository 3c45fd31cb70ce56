namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Keeps calls below the rates of Teams ("Optimize your bot with rate limiting"): in one conversation within one, two
/// and thirty seconds and an hour, and for the whole app within one second. After a refusal nothing goes out before the
/// time that it named, or a growing and slightly random one.
/// </summary>
internal sealed class TeamsPace(TimeProvider time)
{
    /// <summary>Shortest first.</summary>
    private static readonly Window[] OfConversation =
        [new(7, 1), new(8, 2), new(60, 30), new(1800, 3600)];

    private static readonly Window[] OfApp = [new(50, 1)];

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>Conversations that are remembered; beyond it those that were quiet for an hour are forgotten.</summary>
    private const int MaxKept = 10_000;

    // Guards all below: clicks and the outbox both send.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Sent> _sent = [];
    private readonly Sent _all = new(OfApp);
    private DateTimeOffset _notBefore;
    private int _refusals;

    /// <summary>When nothing may go out until; in the past when something may.</summary>
    public DateTimeOffset NotBefore
    {
        get
        {
            lock (_lock)
            {
                return _notBefore;
            }
        }
    }

    /// <summary>When a conversation has room again; <c>null</c> when it has.</summary>
    public DateTimeOffset? RoomIn(string conversation)
    {
        lock (_lock)
        {
            return _sent.TryGetValue(conversation, out var sent) ? sent.Room(time.GetUtcNow()) : null;
        }
    }

    /// <summary>Takes one call; otherwise says when the next may be made.</summary>
    public DateTimeOffset? WhenInstead(string conversation)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (now < _notBefore)
            {
                return _notBefore;
            }

            Forget_NeedsLock(now);
            if (!_sent.TryGetValue(conversation, out var sent))
            {
                _sent[conversation] = sent = new Sent(OfConversation);
            }

            if ((sent.Room(now) ?? _all.Room(now)) is { } later)
            {
                return later;
            }

            sent.Add(now);
            _all.Add(now);
            return null;
        }
    }

    /// <summary>Something went through: the next refusal is a first one.</summary>
    public void Works()
    {
        lock (_lock)
        {
            _refusals = 0;
        }
    }

    /// <param name="told">How long Teams said; <c>null</c> when it did not.</param>
    /// <param name="share">From 0 to 1: what keeps several nodes from coming back at the same moment.</param>
    public void Pause(TimeSpan? told, double share)
    {
        lock (_lock)
        {
            var grown = FirstWait * Math.Pow(2, Math.Min(_refusals++, 10)) * (1 + share);
            var wait = told is { } named && named > TimeSpan.Zero ? named : grown;
            var until = time.GetUtcNow() + (wait < LongestWait ? wait : LongestWait);
            _notBefore = until > _notBefore ? until : _notBefore;
        }
    }

    private void Forget_NeedsLock(DateTimeOffset now)
    {
        if (_sent.Count < MaxKept)
        {
            return;
        }

        foreach (var (conversation, sent) in _sent.ToList())
        {
            if (sent.IsQuiet(now))
            {
                _sent.Remove(conversation);
            }
        }
    }

    private readonly record struct Window(int Most, int Seconds)
    {
        public TimeSpan Length => TimeSpan.FromSeconds(Seconds);
    }

    /// <summary>When something was sent, oldest first, for as long as the longest window looks back.</summary>
    private sealed class Sent(Window[] windows)
    {
        private readonly List<DateTimeOffset> _at = [];

        public void Add(DateTimeOffset now)
        {
            var longest = windows[^1];
            if (_at.Count >= longest.Most)
            {
                _at.RemoveRange(0, _at.Count - longest.Most + 1);
            }

            _at.Add(now);
        }

        /// <summary>When every window has room; <c>null</c> when all have now.</summary>
        public DateTimeOffset? Room(DateTimeOffset now) => windows
            .Where(window => _at.Count >= window.Most)
            .Select(window => (DateTimeOffset?)_at[^window.Most] + window.Length)
            .Where(free => free > now)
            .Max();

        public bool IsQuiet(DateTimeOffset now) => _at.Count == 0 || now - _at[^1] > windows[^1].Length;
    }
}
