namespace Countersign.Gates.Mcp.Upstream;

/// <summary>What is known about a message that was not answered.</summary>
internal enum SendFate
{
    /// <summary>No byte of it left.</summary>
    NotSent,

    /// <summary>The server said that it does not take it.</summary>
    Refused,

    /// <summary>The server answered with more than the limit allows, so it did what was asked.</summary>
    TooLarge,

    /// <summary>It was sent, and the answer got lost.</summary>
    Lost,
}

/// <summary>The upstream server did not answer a message; the text names the server's fault.</summary>
internal sealed class UpstreamException(SendFate fate, string message, Exception? cause = null)
    : Exception(message, cause)
{
    public SendFate Fate { get; } = fate;

    /// <summary>The server does not know our session any more.</summary>
    public bool SessionEnded { get; init; }
}
