using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Channels.Webhook;

/// <summary>
/// One event as it goes out. Its id follows from what it says, so that every attempt at the same event has the same id,
/// on another node and after a restart as well, and nothing new hides behind an old one.
/// </summary>
internal sealed record WebhookMessage(string Id, ReadOnlyMemory<byte> Body)
{
    private const int HashBytes = 16;

    /// <param name="about">What tells this event from another that says the same, such as the ledger entry.</param>
    /// <param name="body">What is sent.</param>
    public static WebhookMessage Of(string about, ReadOnlyMemory<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{about}\n"));
        hash.AppendData(body.Span);
        // Never with a full stop, which separates the parts of what is signed.
        return new WebhookMessage("msg_" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, HashBytes)), body);
    }
}
