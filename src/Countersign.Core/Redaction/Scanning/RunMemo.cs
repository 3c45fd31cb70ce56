using System.Buffers;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>
/// Where runs of some bytes end, remembered for as long as the same run is asked about: what begins many times in one
/// long run would otherwise be read to its end as often.
/// </summary>
internal sealed class RunMemo(SearchValues<byte> values, bool areMembers)
{
    /// <summary>A run is known exactly up to this length; of a longer one it is known that it is longer.</summary>
    public const int Longest = 512;

    private int _from;
    private int _end;
    private bool _isCut;

    /// <summary>The end of the run that stands at a place, at most <see cref="Longest"/> bytes further on.</summary>
    public int EndOf(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        if (at < _from || at >= _end || (_isCut && _end - at < Longest))
        {
            Read(text, at);
            steps += _end - at;
        }

        return Math.Min(_end, at + Longest);
    }

    /// <summary>The text moved; places mean other bytes.</summary>
    public void Forget() => (_from, _end) = (0, 0);

    private void Read(ReadOnlySpan<byte> text, int at)
    {
        var window = text[at..Math.Min(text.Length, at + (4 * Longest))];
        var length = areMembers ? window.IndexOfAnyExcept(values) : window.IndexOfAny(values);
        _isCut = length < 0 && window.Length == 4 * Longest;
        (_from, _end) = (at, at + (length < 0 ? window.Length : length));
    }
}
