using System.Buffers;
using System.Security.Cryptography;

namespace Countersign.Core.Actions;

/// <summary>
/// What identifies an action: SHA-256 over a domain label and its canonical bytes, as <c>sha256:</c> + hex.
/// </summary>
public readonly record struct ActionDigest
{
    private const string Prefix = "sha256:";
    private const int HexLength = 64;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string? _value;

    private ActionDigest(string value) => _value = value;

    private static ReadOnlySpan<byte> Label => "countersign-action-v1\n"u8;

    public string Value => _value ?? throw new InvalidOperationException("A default ActionDigest identifies nothing.");

    /// <summary>Digests canonical bytes (RFC 8785) as DESIGN section 2.1 defines it.</summary>
    public static ActionDigest Of(ReadOnlySpan<byte> canonical)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Label);
        hash.AppendData(canonical);
        return new ActionDigest(Prefix + Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    public static bool TryParse(string? text, out ActionDigest digest)
    {
        digest = default;
        var valid = text is { Length: 7 + HexLength } && text.StartsWith(Prefix, StringComparison.Ordinal)
            && text.AsSpan(Prefix.Length).IndexOfAnyExcept(HexDigits) < 0;
        if (valid)
        {
            digest = new ActionDigest(text!);
        }

        return valid;
    }

    public static ActionDigest Parse(string text) => TryParse(text, out var digest)
        ? digest
        : throw new FormatException($"'{text}' is not a digest ('sha256:' and 64 lower-case hex digits).");

    public override string ToString() => _value ?? "";
}
