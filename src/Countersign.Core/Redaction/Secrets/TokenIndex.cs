using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Secrets;

/// <summary>The token rows that are switched on, found by the first bytes of a word.</summary>
internal sealed class TokenIndex
{
    private const int LongestKey = 4;

    private readonly bool[] _starts = new bool[1 << 16];
    private readonly Dictionary<uint, Entry[]>[] _byKey = [[], [], []];

    public TokenIndex(IEnumerable<(TokenRow Row, DataKind Kind)> rows)
    {
        var entries = rows.SelectMany(each => each.Row.PrefixBytes.Select(
            prefix => new Entry(prefix, each.Row, each.Kind)));
        foreach (var group in entries.GroupBy(entry => (Length: Math.Min(entry.Prefix.Length, LongestKey),
            Key: KeyOf(entry.Prefix, Math.Min(entry.Prefix.Length, LongestKey)))))
        {
            // The longest prefix first: it says the most.
            _byKey[group.Key.Length - 2][group.Key.Key] =
                [.. group.OrderByDescending(entry => entry.Prefix.Length)];
            foreach (var entry in group)
            {
                _starts[StartOf(entry.Prefix[0], entry.Prefix[1])] = true;
            }
        }
    }

    public Match Find(ReadOnlySpan<byte> text, int at, TokenRuns runs, ref long steps)
    {
        if (!MayBeginAt(text, at))
        {
            return default;
        }

        for (var length = LongestKey; length >= 2; length--)
        {
            if (_byKey[length - 2].TryGetValue(KeyOf(text[at..], length), out var entries)
                && Find(text, at, entries, runs, ref steps) is { IsFound: true } found)
            {
                return found;
            }
        }

        return default;
    }

    /// <summary>Whether the bytes at a place are what some token begins with.</summary>
    public bool HasPrefixAt(ReadOnlySpan<byte> text, int at)
    {
        for (var length = MayBeginAt(text, at) ? LongestKey : 0; length >= 2; length--)
        {
            if (_byKey[length - 2].TryGetValue(KeyOf(text[at..], length), out var entries))
            {
                foreach (var entry in entries)
                {
                    if (text[at..].StartsWith(entry.Prefix))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>Whether the first two bytes are those of some token.</summary>
    private bool MayBeginAt(ReadOnlySpan<byte> text, int at) =>
        at + LongestKey <= text.Length && _starts[StartOf(text[at], text[at + 1])];

    private static Match Find(
        ReadOnlySpan<byte> text, int at, Entry[] entries, TokenRuns runs, ref long steps)
    {
        foreach (var entry in entries)
        {
            steps++;
            if (entry.Row.EndOf(text, at, entry.Prefix, runs, ref steps) is > 0 and var end)
            {
                return new Match(at, end, Certainty.Certain, entry.Kind);
            }
        }

        return default;
    }

    private static int StartOf(byte first, byte second) => (first << 8) | second;

    private static uint KeyOf(ReadOnlySpan<byte> text, int length)
    {
        uint key = 0;
        for (var i = 0; i < length; i++)
        {
            key = (key << 8) | text[i];
        }

        return key;
    }

    private sealed record Entry(byte[] Prefix, TokenRow Row, DataKind Kind);
}
