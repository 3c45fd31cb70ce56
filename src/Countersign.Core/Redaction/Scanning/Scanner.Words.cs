using Countersign.Core.Redaction.Detectors;
using Countersign.Core.Redaction.Secrets;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>What begins with a letter or a digit.</summary>
internal sealed partial class Scanner
{
    private readonly TokenRuns _runs = new();
    private readonly RunMemo _values = new(Assignments.Ends, areMembers: false);
    private readonly byte[] _scratch = new byte[Encoded.Longest];
    private readonly byte[] _decoded = new byte[Encoded.Longest];

    private Scanner? _inner;
    private TextView? _innerView;

    private int AtWord(ReadOnlySpan<byte> text, int at)
    {
        var end = Bytes.WordEnd(text, at, MostWord);
        _steps += end - at;
        if (Bytes.IsWord(Bytes.At(text, at - 1)))
        {
            // The rest of a word that is longer than words are.
            return TryTakeEncoded(text, at, end) ? _from : end;
        }

        if (TryTakeNamed(text, at, end) || TryTakeAddress(text, at, end))
        {
            return _from;
        }

        if (end - at == 8 && EndOfUuid(text, at, end) is > 0 and var uuid)
        {
            return uuid;
        }

        if (Bytes.IsDigit(text[at]) && AtDigits(text, at, end) is > 0 and var next)
        {
            return next;
        }

        if (TryTakeOther(text, at, end) || TryTakeEncoded(text, at, end))
        {
            return _from;
        }

        return AfterWord(text, at, end);
    }

    /// <summary>What the operator's dictionaries name, and what is told by its prefix.</summary>
    private bool TryTakeNamed(ReadOnlySpan<byte> text, int at, int end)
    {
        if (_plan.Terms is { } terms && TryTake(text, terms.Find(text, at, end, ref _steps)))
        {
            return true;
        }

        if (text[at] == 'e' && _enabled[DataKinds.Jwt.Index] && Bytes.StartsWith(text, at, "eyJ"u8)
            && TryTake(text, WebTokens.Find(text, at, ref _steps)))
        {
            return true;
        }

        return TryTake(text, _plan.Tokens.Find(text, at, _runs, ref _steps));
    }

    /// <summary>What is told by the byte behind its first word: URLs, names of machines, their addresses.</summary>
    private bool TryTakeAddress(ReadOnlySpan<byte> text, int at, int end)
    {
        switch (Bytes.At(text, end))
        {
            case (byte)':' or (byte)'+' when SchemeEnd(text, end) is > 0 and var colon:
                return (_enabled[DataKinds.Url.Index] || _enabled[DataKinds.UrlCredentials.Index])
                    && TryTake(text, Urls.Find(text, at, colon, ref _steps));
            case (byte)':' or (byte)'-' when end - at <= 4 && Bytes.IsHex(text[at])
                && Bytes.At(text, at - 1) is not ((byte)':' or (byte)'-')
                && (_enabled[DataKinds.IpAddress.Index] || _enabled[DataKinds.MacAddress.Index]):
                var match = Addresses.FindGroups(text, at, ref _steps);
                return TryTake(text, match with { Kind = match.Kind ?? DataKinds.IpAddress });
            case (byte)'.' when _enabled[DataKinds.Domain.Index] && !Bytes.IsDigit(text[at])
                && Bytes.At(text, at - 1) is not ((byte)'.' or (byte)'@' or (byte)'-' or (byte)'_' or (byte)'/'):
                return TryTake(text, Urls.FindDomain(text, at, ref _steps) with { Kind = DataKinds.Domain });
            default:
                return false;
        }
    }

    /// <summary>The colon of <c>scheme://</c> or <c>scheme+more://</c>; 0 when there is none.</summary>
    private static int SchemeEnd(ReadOnlySpan<byte> text, int end)
    {
        var colon = text[end] == '+' ? Bytes.WordEnd(text, end + 1, 8) : end;
        return Bytes.StartsWith(text, colon, "://"u8) ? colon : 0;
    }

    private bool TryTakeOther(ReadOnlySpan<byte> text, int at, int end)
    {
        var isIban = end - at >= 4 && _enabled[DataKinds.Iban.Index]
            && Bytes.IsLetter(text[at]) && Bytes.IsLetter(text[at + 1])
            && Bytes.IsDigit(text[at + 2]) && Bytes.IsDigit(text[at + 3]);
        if (isIban && TryTake(text, Ibans.Find(text, at, ref _steps)))
        {
            return true;
        }

        return end - at is 9 or 16 or 18 && TryTake(text, NationalNumbers.FindWord(text, at, end, ref _steps));
    }

    /// <summary>Remembers what a word speaks of, and looks at what it names.</summary>
    private int AfterWord(ReadOnlySpan<byte> text, int at, int end)
    {
        var topic = Lexicon.Of(text, at, end);
        if (topic == Topic.None)
        {
            return AfterMonth(text, at, end);
        }

        var isSecretKey = topic == Topic.Key && at - _topics[(int)Topic.Qualifier] <= 1;
        _topics[(int)topic] = end;
        var isName = topic is Topic.Secret or Topic.Password or Topic.Bearer or Topic.Basic || isSecretKey;
        return isName && TryTake(text, Assignments.Find(text, end, topic, _values, ref _steps)) ? _from : end;
    }

    /// <summary><c>March 3, 1985</c>, where it is the day that somebody was born.</summary>
    private int AfterMonth(ReadOnlySpan<byte> text, int at, int end)
    {
        if (end - at < 3 || !IsNear(Topic.Birth, at) || Dates.EndOfNamed(text, at) is not (> 0 and var date))
        {
            return end;
        }

        _steps += date - at;
        return TryTake(text, new Match(at, date, Certainty.Possible, DataKinds.DateOfBirth)) ? date : end;
    }

    /// <summary>Decodes a run of base64 that starts here, or the next piece of a long one, and looks inside.</summary>
    private bool TryTakeEncoded(ReadOnlySpan<byte> text, int at, int end)
    {
        if (_depth >= MostDepth)
        {
            return false;
        }

        var before = Bytes.At(text, at - 1);
        if (at - _nextPiece > MostWord)
        {
            // Something long was taken meanwhile, and the run is behind it.
            _nextPiece = int.MaxValue;
        }

        var isPiece = at >= _nextPiece;
        var isStart = !Bytes.IsWord(before) && before is not ((byte)'-' or (byte)'_' or (byte)'+');
        if (!isPiece && !isStart)
        {
            return false;
        }

        var start = isPiece ? _nextPiece : at;
        var stop = isPiece || before != '/' ? Encoded.RunEnd(text, start) : end;
        _nextPiece = stop - start == Encoded.Longest ? start + Encoded.Longest - Encoded.Overlap : int.MaxValue;
        if (stop - start < Encoded.Shortest)
        {
            return false;
        }

        _steps += stop - start;
        return FindInside(text[start..stop]) is { } kind
            && TryTake(text, new Match(Math.Max(start, _from), PaddingEnd(text, stop), Certainty.Certain, kind));
    }

    private static int PaddingEnd(ReadOnlySpan<byte> text, int end) =>
        Bytes.At(text, end) != '=' ? end
        : Bytes.At(text, end + 1) == '=' ? end + 2
        : end + 1;

    private DataKind? FindInside(ReadOnlySpan<byte> run)
    {
        var length = Encoded.Decode(run, _scratch, _decoded);
        if (length == 0)
        {
            return null;
        }

        _inner ??= new Scanner(_plan, _depth + 1);
        _innerView ??= new TextView();
        _inner.Reset();
        _inner.Column = Column;
        var before = _inner.Steps;
        var found = new List<Found>();
        _inner.Scan(_innerView.Read(_decoded.AsSpan(0, length), isFinal: true), 0, isFinal: true, found);
        _steps += _inner.Steps - before;
        return found.Count > 0 ? found[0].Kind : null;
    }
}
