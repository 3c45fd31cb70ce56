using Countersign.Core.Redaction.Detectors;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>What begins with a digit.</summary>
internal sealed partial class Scanner
{
    /// <summary>How far before an address the word "version" makes it one.</summary>
    private const int VersionReach = 16;

    /// <returns>Where to go on; 0 when it is a word like others.</returns>
    private int AtDigits(ReadOnlySpan<byte> text, int at, int end)
    {
        var next = Bytes.At(text, end);
        if (text[at..end].IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
        {
            return 0;
        }

        if (next == '.' && TryTakeIPv4(text, at))
        {
            return _from;
        }

        if (EndOfDate(text, at, end) is > 0 and var date)
        {
            _steps += date - at;
            return TryTake(text, new Match(at, date, Certainty.Possible, DataKinds.DateOfBirth)) ? _from : date;
        }

        return AtChain(text, at, end);
    }

    private bool TryTakeIPv4(ReadOnlySpan<byte> text, int at)
    {
        var isVersion = at - _topics[(int)Topic.Version] <= VersionReach && !IsNear(Topic.Machine, at);
        return _enabled[DataKinds.IpAddress.Index] && !isVersion
            && TryTake(text, Addresses.FindIPv4(text, at, ref _steps) with { Kind = DataKinds.IpAddress });
    }

    private static int EndOfDate(ReadOnlySpan<byte> text, int at, int end) =>
        Dates.EndOf(text, at) is > 0 and var date ? date
        : end - at <= 2 ? Dates.EndOfNamed(text, at, end)
        : 0;

    /// <summary>Everything that the groups of a chain can be, from the first group to the last.</summary>
    private int AtChain(ReadOnlySpan<byte> text, int at, int end)
    {
        var chain = NumberChain.Read(text, at, end, ref _steps);
        for (var first = 0; first < chain.Count; first++)
        {
            if (TryTakeNumber(chain, first, out var last))
            {
                if (chain[last].End < _from)
                {
                    // An extension reaches behind the chain.
                    return _from;
                }

                first = last;
            }
        }

        return Math.Max(_from, chain.End);
    }

    private bool TryTakeNumber(in NumberChain chain, int first, out int last)
    {
        var card = AsInColumn(chain[first], Cards.Find(chain, first, out var lastOfCard, ref _steps));
        var national = AsInColumn(chain[first], NationalNumbers.Find(chain, first, out last, ref _steps));
        if (national.Certainty > card.Certainty && TryTakeWhole(chain, national))
        {
            return true;
        }

        if (TryTakeWhole(chain, card))
        {
            last = lastOfCard;
            return true;
        }

        if (TryTakeWhole(chain, national))
        {
            return true;
        }

        var isPhone = _enabled[DataKinds.Phone.Index] && IsPhoneStart(chain, first);
        var phone = isPhone ? Phones.Find(chain, first, out last) : default;
        return TryTakeWhole(chain, phone);
    }

    /// <summary>Digits without groups are what their column says, and only then what they could be as well.</summary>
    private Match AsInColumn(NumberChain.Group group, Match match) =>
        match.IsFound && match.End == group.End && Column is { IsIdentifier: true }
            ? match with { Certainty = Certainty.Possible }
            : match;

    /// <summary>A telephone number is a whole line of groups, not the end of one.</summary>
    private bool IsPhoneStart(in NumberChain chain, int first) =>
        first == 0 || chain[first].Separator is (byte)'\n' or (byte)'\r' || chain[first].Start == _from;

    /// <summary>Digits before an @ are somebody's name.</summary>
    private bool TryTakeWhole(in NumberChain chain, Match match) =>
        match.IsFound
        && !(Bytes.At(chain.Text, match.End) == '@' && Bytes.IsWord(Bytes.At(chain.Text, match.End + 1)))
        && TryTake(chain.Text, match);

    /// <summary>Identifiers of 8-4-4-4-12 hexadecimal digits are nobody's number.</summary>
    private static int EndOfUuid(ReadOnlySpan<byte> text, int at, int end)
    {
        const int Length = 36;
        if (end - at != 8 || at + Length > text.Length)
        {
            return 0;
        }

        for (var i = 0; i < Length; i++)
        {
            var isRight = i is 8 or 13 or 18 or 23 ? text[at + i] == '-' : Bytes.IsHex(text[at + i]);
            if (!isRight)
            {
                return 0;
            }
        }

        return Bytes.IsWord(Bytes.At(text, at + Length)) ? 0 : at + Length;
    }
}
