using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Core.Identity.Tokens;

/// <summary>The public keys that an issuer signs with at present (RFC 7517 section 5).</summary>
public sealed class TokenKeySet
{
    private const int MaxKeys = 100;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private readonly ImmutableArray<TokenKey> _keys;

    private TokenKeySet(ImmutableArray<TokenKey> keys) => _keys = keys;

    /// <summary>How many of them may check a token.</summary>
    public int Count => _keys.Length;

    /// <exception cref="FormatException">It is no key set, or holds no key that could check a token.</exception>
    public static TokenKeySet Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("keys", out var keys)
                || keys.ValueKind != JsonValueKind.Array
                || keys.GetArrayLength() > MaxKeys)
            {
                throw new FormatException($"It is no object with at most {MaxKeys} 'keys' (RFC 7517 section 5).");
            }

            ImmutableArray<TokenKey> usable = [.. keys.EnumerateArray().Select(TokenKey.TryParse).OfType<TokenKey>()];
            return usable.IsEmpty
                ? throw new FormatException("It has no public key for RS256, PS256, ES256 or EdDSA.")
                : new TokenKeySet(usable);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            throw new FormatException("It is not the JSON of a key set.");
        }
    }

    /// <summary>
    /// The key that a token names. Without a name it is the only one that could be meant: trying several would take a
    /// token from whichever key fits.
    /// </summary>
    internal TokenKey? Find(string? id, TokenAlgorithm algorithm)
    {
        var fitting = _keys.Where(key => key.Takes(algorithm) && (id is null || key.Id == id)).Take(2).ToList();
        return fitting is [var one] ? one : null;
    }
}
