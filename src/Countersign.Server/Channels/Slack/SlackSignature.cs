using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Slack's request signature, version <c>v0</c>: HMAC-SHA256 over <c>v0:TIMESTAMP:BODY</c> with the body as it was on
/// the wire. Without a secret nothing verifies.
/// </summary>
internal sealed class SlackSignature(string? secret, TimeProvider time)
{
    /// <summary>
    /// How far the sender's clock may be away, in either direction: a time ahead keeps no replay alive.
    /// </summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    /// <summary>A signature may be made up to one window ahead, and is good for one window after that.</summary>
    public static readonly TimeSpan Memory = Window * 2;

    private const string Version = "v0";

    /// <summary>Digits of the farthest second that is a time at all.</summary>
    private const int MaxTimestamp = 11;

    private readonly byte[] _secret = Encoding.UTF8.GetBytes(secret ?? "");

    public bool Verifies(string? timestamp, string? signature, ReadOnlySpan<byte> body) =>
        _secret.Length > 0
        && timestamp is { Length: > 0 and <= MaxTimestamp }
        && signature is not null
        && long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && Math.Abs(time.GetUtcNow().ToUnixTimeSeconds() - seconds) <= (long)Window.TotalSeconds
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(Of(timestamp, body)), Encoding.UTF8.GetBytes(signature));

    /// <summary>What a sender with the secret would write.</summary>
    public string Of(string timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _secret);
        hmac.AppendData(Encoding.UTF8.GetBytes($"{Version}:{timestamp}:"));
        hmac.AppendData(body);
        return $"{Version}={Convert.ToHexStringLower(hmac.GetHashAndReset())}";
    }
}
