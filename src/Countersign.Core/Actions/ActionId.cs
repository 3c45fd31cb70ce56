using System.Buffers;
using System.Buffers.Binary;

namespace Countersign.Core.Actions;

/// <summary>
/// <c>act_</c> and 26 characters of Crockford base32: 48 bits of time in milliseconds, then 80 random bits, so that
/// ids sort by time and cannot be guessed.
/// </summary>
public readonly record struct ActionId
{
    public const string Prefix = "act_";
    private const int Characters = 26;
    private const int RandomBytes = 10;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private static readonly SearchValues<char> Letters = SearchValues.Create(Alphabet);

    private readonly string? _value;

    private ActionId(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("A default ActionId identifies nothing.");

    /// <summary>Makes an id from a time and 10 random bytes.</summary>
    public static ActionId Create(DateTimeOffset at, ReadOnlySpan<byte> random)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(random.Length, RandomBytes);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)at.ToUnixTimeMilliseconds() << 16);
        random.CopyTo(bytes[6..]);
        var bits = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return new ActionId(Prefix + string.Create(Characters, bits, Spell));
    }

    public static bool TryParse(string? text, out ActionId id)
    {
        id = default;
        var valid = text is { Length: 30 } && text.StartsWith(Prefix, StringComparison.Ordinal)
            && text.AsSpan(Prefix.Length).IndexOfAnyExcept(Letters) < 0;
        if (valid)
        {
            id = new ActionId(text!);
        }

        return valid;
    }

    public static ActionId Parse(string text) =>
        TryParse(text, out var id)
            ? id
            : throw new FormatException($"'{text}' is not an action id (act_ + 26 characters).");

    public override string ToString() => _value ?? "";

    private static void Spell(Span<char> text, UInt128 bits)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(bits & 31)];
            bits >>= 5;
        }
    }
}
