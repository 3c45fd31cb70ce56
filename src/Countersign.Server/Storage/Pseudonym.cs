using Countersign.Core;

namespace Countersign.Server.Storage;

/// <summary>
/// What the store calls a person: <c>per_</c> and 26 random characters, so that rows and indexes name nobody.
/// </summary>
internal readonly record struct Pseudonym
{
    private const string Prefix = "per_";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Characters = 26;

    private readonly string? _value;

    private Pseudonym(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("A default Pseudonym names nobody.");

    public static Pseudonym Create(FillRandom random)
    {
        Span<byte> bytes = stackalloc byte[Characters];
        random(bytes);
        Span<char> letters = stackalloc char[Characters];
        for (var i = 0; i < Characters; i++)
        {
            letters[i] = Alphabet[bytes[i] % Alphabet.Length];
        }

        return new Pseudonym(Prefix + letters.ToString());
    }

    public static Pseudonym Parse(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length == Prefix.Length + Characters
            ? new Pseudonym(text)
            : throw new FormatException($"'{text}' is not a pseudonym (per_ + 26 characters).");

    public override string ToString() => _value ?? "";
}
