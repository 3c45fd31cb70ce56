using System.Security.Cryptography;
using System.Text;

namespace Countersign.Server.Channels.Webhook;

/// <summary>
/// A secret that signs deliveries: <c>whsec_</c> and base64, or the bytes of a text. A class, so that no text of it
/// shows the secret.
/// </summary>
internal sealed class WebhookSecret
{
    private const string Prefix = "whsec_";

    private readonly byte[] _key;

    private WebhookSecret(byte[] key) => _key = key;

    /// <exception cref="FormatException">It is no base64, or of no length that protects anything.</exception>
    public static WebhookSecret Parse(string text)
    {
        var key = text.StartsWith(Prefix, StringComparison.Ordinal)
            ? KeyOf(text[Prefix.Length..])
            : Encoding.UTF8.GetBytes(text);
        return key.Length is >= WebhookLimits.ShortestSecret and <= WebhookLimits.LongestSecret
            ? new WebhookSecret(key)
            : throw new FormatException(
                $"secret has {WebhookLimits.ShortestSecret} to {WebhookLimits.LongestSecret} bytes; make one with " +
                "'openssl rand -base64 32' and write it behind whsec_");
    }

    /// <summary>
    /// One signature as the header <c>webhook-signature</c> lists them: <c>v1,</c> and the base64 HMAC-SHA256 of id,
    /// time stamp and body with full stops between (Standard Webhooks 1.0.0, "Signature scheme").
    /// </summary>
    public string Sign(string id, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hash.AppendData(Encoding.UTF8.GetBytes($"{id}.{timestamp}."));
        hash.AppendData(body);
        return "v1," + Convert.ToBase64String(hash.GetHashAndReset());
    }

    private static byte[] KeyOf(string base64)
    {
        var key = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, key, out var length)
            ? key[..length]
            : throw new FormatException("secret is no base64 behind whsec_");
    }
}
