namespace Countersign.Server.Channels.Webhook;

/// <summary>How much goes to a receiver at once, and how long it may take.</summary>
internal static class WebhookLimits
{
    /// <summary>
    /// A body beyond this is replaced by the thin one: receivers that buffer a request would otherwise refuse the
    /// reviews that matter most.
    /// </summary>
    public const int BodyBytes = 256 * 1024;

    /// <summary>Largest answer that is read; nothing of it is needed.</summary>
    public const int AnswerBytes = 64 * 1024;

    /// <summary>The least that Standard Webhooks asks of a symmetric secret; the most are 64 bytes.</summary>
    public const int ShortestSecret = 24;

    public const int LongestSecret = 64;

    /// <summary>A rotation needs two.</summary>
    public const int Secrets = 4;

    /// <summary>How long one delivery may take; the specification suggests 15 to 30 seconds.</summary>
    public static readonly TimeSpan Call = TimeSpan.FromSeconds(15);

    /// <summary>What a 429 without <c>Retry-After</c> is taken to say.</summary>
    public static readonly TimeSpan StandardWait = TimeSpan.FromSeconds(30);

    /// <summary>The longest <c>Retry-After</c> that is obeyed: a review would be over before.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    /// <summary>How long a message waits that the receiver refused by itself; doubled with each refusal.</summary>
    public static readonly TimeSpan FirstRefusal = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan LongestRefusal = TimeSpan.FromMinutes(5);

    /// <summary>How many messages are remembered as refused; others wait as if refused for the first time.</summary>
    public const int RefusedKept = 10_000;
}
