namespace Countersign.Server.Channels.Webhook;

/// <summary>
/// Messages that the receiver refuses one by one. Each waits by itself, longer each time, so that one that is refused
/// for ever holds up no other.
/// </summary>
internal sealed class WebhookRefusals(ChannelHealth health)
{
    private const string HealthPart = "refusals";

    /// <summary>A message that did not come again this long after its time has nothing to say any more.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    // By what a message is about. Only the loop of the outbox comes here.
    private readonly Dictionary<string, (int Count, DateTimeOffset Until)> _known = [];

    /// <summary>Counts a refusal; says when its message may be tried again.</summary>
    public DateTimeOffset Count(string about, int status, DateTimeOffset now)
    {
        var count = _known.GetValueOrDefault(about).Count;
        var wait = WebhookLimits.FirstRefusal * Math.Pow(2, Math.Min(count, 10));
        var again = now + (wait < WebhookLimits.LongestRefusal ? wait : WebhookLimits.LongestRefusal);
        if (count > 0 || _known.Count < WebhookLimits.RefusedKept)
        {
            _known[about] = (count + 1, again + Grace);
        }

        health.Fails(
            HealthPart,
            $"The receiver refuses messages ({_known.Count}, the latest with HTTP {status}); each is tried again.");
        return again;
    }

    /// <summary>It was taken after all.</summary>
    public void Forget(string about)
    {
        _known.Remove(about);
        TellIfNone();
    }

    public void ForgetOld(DateTimeOffset now)
    {
        foreach (var about in _known.Where(known => known.Value.Until < now).Select(known => known.Key).ToList())
        {
            _known.Remove(about);
        }

        TellIfNone();
    }

    private void TellIfNone()
    {
        if (_known.Count == 0)
        {
            health.Works(HealthPart);
        }
    }
}
