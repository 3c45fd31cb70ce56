using System.Security.Cryptography;
using System.Text;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// The small grammar of SCRAM's messages (RFC 5802 section 7): attributes of one letter, between commas.
/// </summary>
internal static class ScramText
{
    public const string Mechanism = "SCRAM-SHA-256";
    public const string MechanismPlus = "SCRAM-SHA-256-PLUS";

    /// <summary>The channel binding of PostgreSQL: the server's certificate.</summary>
    public const string BindingFlag = "p=tls-server-end-point";

    /// <summary>A nonce beyond this is no nonce; drivers use 18 to 32 characters.</summary>
    public const int LongestNonce = 256;

    private const int NonceBytes = 18;

    public static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes));

    /// <summary>SCRAM's texts are ASCII, apart from names, which PostgreSQL leaves empty.</summary>
    public static string Read(ReadOnlySpan<byte> message)
    {
        foreach (var one in message)
        {
            if (one is < (byte)' ' or > (byte)'~')
            {
                throw Violation("holds a byte that is no printable ASCII");
            }
        }

        return Encoding.ASCII.GetString(message);
    }

    /// <summary>The values of exactly these attributes, in this order.</summary>
    public static string[] Attributes(string text, params ReadOnlySpan<char> names)
    {
        var parts = text.Split(',', names.Length + 1);
        if (parts.Length != names.Length)
        {
            throw Violation($"does not have the attributes {string.Join(", ", names.ToArray())} and no others");
        }

        for (var index = 0; index < parts.Length; index++)
        {
            var part = parts[index];
            parts[index] = part.Length >= 2 && part[0] == names[index] && part[1] == '='
                ? part[2..]
                : throw Violation($"lacks the attribute {names[index]} at its place");
        }

        return parts;
    }

    public static string Nonce(string nonce) => nonce.Length is > 0 and <= LongestNonce
        ? nonce
        : throw Violation($"has a nonce of {nonce.Length} characters; 1 to {LongestNonce} are allowed");

    public static byte[] Base64(string text, int most)
    {
        var bytes = new byte[most];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? bytes[..length]
            : throw Violation($"has a value that is not the base64 of at most {most} bytes");
    }

    /// <summary>What a client puts into c=: its flag, and the binding when the flag says so.</summary>
    public static string ChannelBinding(string header, ReadOnlySpan<byte> binding) =>
        Convert.ToBase64String([.. Encoding.ASCII.GetBytes(header), .. binding]);

    public static byte[] Xor(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var result = left.ToArray();
        for (var index = 0; index < result.Length; index++)
        {
            result[index] ^= right[index];
        }

        return result;
    }

    public static ProtocolViolation Violation(string problem) =>
        new($"The SCRAM message {problem}.") { IsFatal = true };
}
