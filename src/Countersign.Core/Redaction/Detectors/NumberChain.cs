using System.Runtime.CompilerServices;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>Groups of digits with one separator between each two, as people write long numbers.</summary>
internal ref struct NumberChain
{
    /// <summary>A chain with more groups is cut here.</summary>
    public const int MostGroups = 24;

    private const int LongestGroup = 24;

    private Groups _groups;

    private NumberChain(ReadOnlySpan<byte> text) => Text = text;

    public readonly ReadOnlySpan<byte> Text { get; }

    public int Count { get; private set; }

    /// <summary>The byte behind the last group.</summary>
    public readonly int End => this[Count - 1].End;

    public readonly Group this[int index] => _groups[index];

    /// <summary>Reads the chain whose first group stands here.</summary>
    public static NumberChain Read(ReadOnlySpan<byte> text, int at, int end, ref long steps)
    {
        var chain = new NumberChain(text);
        chain.Add(at, end, separator: 0);
        while (chain.Count < MostGroups && NextGroup(text, chain.End) is var (start, next) && next > 0)
        {
            chain.Add(start, next, text[chain.End]);
        }

        steps += chain.End - at;
        return chain;
    }

    /// <summary>Copies the digits of some groups; how many there are, or -1 when there is no room for them.</summary>
    public readonly int Digits(int first, int last, Span<byte> digits)
    {
        var length = 0;
        for (var i = first; i <= last; i++)
        {
            var group = Text[this[i].Start..this[i].End];
            if (length + group.Length > digits.Length)
            {
                return -1;
            }

            group.CopyTo(digits[length..]);
            length += group.Length;
        }

        return length;
    }

    /// <summary>Whether groups of these lengths start at a group, and with this separator between them.</summary>
    public readonly bool HasShape(int first, ReadOnlySpan<byte> lengths, byte separator = 0)
    {
        if (first + lengths.Length > Count)
        {
            return false;
        }

        for (var i = 0; i < lengths.Length; i++)
        {
            if (this[first + i].Length != lengths[i]
                || (i > 0 && separator != 0 && this[first + i].Separator != separator))
            {
                return false;
            }
        }

        return true;
    }

    private void Add(int start, int end, byte separator) => _groups[Count++] = new Group(start, end, separator);

    private static (int Start, int End) NextGroup(ReadOnlySpan<byte> text, int at)
    {
        var start = at + SeparatorLength(text, at);
        if (start == at || !Bytes.IsDigit(Bytes.At(text, start)))
        {
            return (0, 0);
        }

        var end = start;
        while (end < text.Length && Bytes.IsDigit(text[end]) && end - start <= LongestGroup)
        {
            end++;
        }

        // A word with letters is no group, and an address or a date behind a space is something of its own.
        var next = Bytes.At(text, end);
        var isWord = Bytes.IsLetter(next) && next != 'x';
        var isOther = (text[at] == ' ' && next is (byte)'.' or (byte)'/' or (byte)'-' or (byte)':')
            && (next is (byte)':' or (byte)'/' || Dates.EndOf(text, start) > 0
                || Addresses.EndOfIPv4(text, start) > 0 || Addresses.EndOfMac(text, start) > 0);
        return isWord || next == '_' || isOther || end - start > LongestGroup ? (0, 0) : (start, end);
    }

    private static int SeparatorLength(ReadOnlySpan<byte> text, int at) => Bytes.At(text, at) switch
    {
        (byte)' ' or Bytes.SoftSpace or (byte)'\t' => Bytes.At(text, at + 1) is (byte)'-' or (byte)' '
            && Bytes.At(text, at + 2) == ' ' ? 3 : Bytes.At(text, at + 1) == ' ' ? 2 : 1,
        (byte)'-' or (byte)'.' => 1,
        (byte)'\n' => 1,
        (byte)'\r' when Bytes.At(text, at + 1) == '\n' => 2,
        _ => 0,
    };

    /// <summary>Digits that stand together, and what stands before them.</summary>
    internal readonly record struct Group(int Start, int End, byte Separator)
    {
        public int Length => End - Start;
    }

    [InlineArray(MostGroups)]
    private struct Groups
    {
        private Group _first;
    }
}
