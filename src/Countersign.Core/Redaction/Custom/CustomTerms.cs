using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Custom;

/// <summary>The operator's words and phrases, found by their first word and compared without regard to case.</summary>
internal sealed class CustomTerms
{
    private const int LongestTerm = 256;
    private const int MostOfOneWord = 64;

    private readonly Dictionary<uint, ImmutableArray<(byte[] Term, DataKind Kind)>> _byFirstWord;

    private CustomTerms(IEnumerable<(byte[] Term, DataKind Kind)> terms) =>
        _byFirstWord = terms
            .GroupBy(each => HashOf(each.Term, 0, Bytes.WordEnd(each.Term, 0, LongestTerm)))
            .ToDictionary(
                group => group.Key,
                // The longest first: a phrase says more than the word it begins with.
                group => group.OrderByDescending(each => each.Term.Length).ToImmutableArray());

    /// <exception cref="ArgumentException">A term does not begin with a letter or a digit, or is too long.</exception>
    public static CustomTerms? Of(IEnumerable<(DataKind Kind, ImmutableArray<string> Terms)> dictionaries)
    {
        (byte[] Term, DataKind Kind)[] terms =
            [.. dictionaries.SelectMany(each => each.Terms.Select(term => (Read(term), each.Kind)))];
        if (terms.Length == 0)
        {
            return null;
        }

        var made = new CustomTerms(terms);
        return made._byFirstWord.Values.FirstOrDefault(each => each.Length > MostOfOneWord) is { IsDefault: false } many
            ? throw new ArgumentException(
                $"The dictionary has {many.Length} phrases that begin with the same word; {MostOfOneWord} are the most."
                + " Use a pattern for them.")
            : made;
    }

    public Match Find(ReadOnlySpan<byte> text, int at, int end, ref long steps)
    {
        if (!_byFirstWord.TryGetValue(HashOf(text, at, end), out var terms))
        {
            return default;
        }

        foreach (var (term, kind) in terms)
        {
            if (EndOf(text, at, term, ref steps) is > 0 and var last)
            {
                return new Match(at, last, Certainty.Certain, kind);
            }
        }

        return default;
    }

    private static byte[] Read(string term)
    {
        var bytes = Encoding.UTF8.GetBytes(term.Trim());
        if (bytes.Length is 0 or > LongestTerm || !Bytes.IsWord(bytes[0]))
        {
            throw new ArgumentException(
                $"A term of a dictionary begins with a letter or a digit and has at most {LongestTerm} bytes; "
                + "use a pattern for others.");
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Bytes.Lower(bytes[i]);
        }

        return bytes;
    }

    private static int EndOf(ReadOnlySpan<byte> text, int at, byte[] term, ref long steps)
    {
        var end = at;
        for (var i = 0; i < term.Length; i++, end++)
        {
            steps++;
            var letter = Bytes.At(text, end);
            var isSame = term[i] == ' ' ? Bytes.IsSpace(letter) : Bytes.Lower(letter) == term[i];
            if (!isSame || end >= text.Length)
            {
                return 0;
            }
        }

        return Bytes.IsWord(Bytes.At(text, end)) && Bytes.IsWord(term[^1]) ? 0 : end;
    }

    private static uint HashOf(ReadOnlySpan<byte> text, int at, int end)
    {
        var hash = 2166136261u;
        for (var i = at; i < end; i++)
        {
            hash = (hash ^ Bytes.Lower(text[i])) * 16777619u;
        }

        return hash;
    }
}
