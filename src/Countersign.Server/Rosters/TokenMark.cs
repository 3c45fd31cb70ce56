using System.Security.Cryptography;
using System.Text;
using Countersign.Server.Configuration;

namespace Countersign.Server.Rosters;

/// <summary>
/// What tells one token from another without telling the token: a fingerprint under a key of this ledger. Without the
/// key nobody can try out which token it is of, however short that one is.
/// </summary>
internal readonly record struct TokenMark
{
    private const int Bytes = 12;

    private readonly string? _value;

    /// <exception cref="FormatException">It is no fingerprint.</exception>
    public TokenMark(string value) => _value = value.Length == 2 * Bytes && value.All(char.IsAsciiHexDigitLower)
        ? value
        : throw new FormatException($"'{value}' is no fingerprint of a token ({2 * Bytes} hex digits).");

    public static TokenMark Of(TokenSecret secret, ReadOnlySpan<byte> key) =>
        new(Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(TextOf(secret))))[..(2 * Bytes)]);

    public override string ToString() =>
        _value ?? throw new InvalidOperationException("A default TokenMark is of no token.");

    /// <summary>A token in clear and its hash are the same token, so that it may be hidden without a review.</summary>
    private static string TextOf(TokenSecret secret) => secret switch
    {
        TokenSecret.Hashed hashed => $"sha256:{hashed.Hash}",
        TokenSecret.Scram scram => string.Join(
            ':',
            "scram-sha-256",
            scram.Iterations,
            Convert.ToHexString(scram.Salt),
            Convert.ToHexString(scram.StoredKey),
            Convert.ToHexString(scram.ServerKey)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
