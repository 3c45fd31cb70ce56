namespace Countersign.Server.Channels;

/// <summary>What became of a message that was to be delivered.</summary>
internal abstract record Delivery
{
    private Delivery()
    {
    }

    /// <summary>It is there.</summary>
    public sealed record Delivered : Delivery;

    /// <summary>There is nothing to say, or nothing any more.</summary>
    public sealed record Needless : Delivery;

    /// <summary>Its turn comes at this time; nothing went wrong.</summary>
    public sealed record Later(DateTimeOffset At) : Delivery;

    /// <summary>The channel is away or refuses; the sentence holds no secret.</summary>
    public sealed record Failed(string Why) : Delivery;
}
