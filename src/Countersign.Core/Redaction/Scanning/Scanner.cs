using Countersign.Core.Redaction.Detectors;
using Countersign.Core.Redaction.Secrets;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>
/// One pass over a view: words and what stands between them are told apart by a table, and detectors look only where
/// something begins that could be theirs. What they decide depends on a bounded part of the text, so that it does not
/// matter in which pieces it came.
/// </summary>
internal sealed partial class Scanner
{
    /// <summary>How far behind the place where something begins a detector may look.</summary>
    public const int Lookahead = 4096;

    /// <summary>How far before the place where it is found a value may begin.</summary>
    public const int Behind = 256;

    private const int MostWord = 128;
    private const int MostDepth = 2;
    private const int LongAgo = int.MinValue / 2;

    private readonly RedactionPlan _plan;
    private readonly bool[] _enabled;
    private readonly int _depth;
    private readonly int[] _topics = new int[Lexicon.Topics];

    private List<Found> _found = [];
    private int _from;
    private int _nextPiece = int.MaxValue;
    private Tail? _tail;
    private int _tailLeft;
    private DataKind? _tailKind;

    public Scanner(RedactionPlan plan, int depth = 0)
    {
        (_plan, _depth, _enabled) = (plan, depth, plan.Enabled);
        Column = plan.Mode == RedactionMode.Columns ? ColumnContext.Unnamed : null;
        Reset();
    }

    /// <summary>The column whose values are scanned; <c>null</c> in prose.</summary>
    public ColumnContext? Column { get; set; }

    /// <summary>
    /// How many bytes were looked at, as often as they were: a measure of work that no clock disturbs.
    /// </summary>
    public long Steps => _steps;

    private long _steps;

    /// <summary>Forgets what came before.</summary>
    public void Reset()
    {
        Array.Fill(_topics, LongAgo);
        (_from, _nextPiece, _lineAt, _tail) = (0, int.MaxValue, 0, null);
        _pending.Clear();
        _runs.Forget();
        _values.Forget();
    }

    /// <summary>Looks at everything up to where a finding could need bytes that are still to come.</summary>
    /// <param name="text">The view.</param>
    /// <param name="at">Where to go on.</param>
    /// <param name="isFinal">Whether the text ends here.</param>
    /// <param name="found">Receives what is found, in order and without overlaps.</param>
    /// <returns>Where it stopped.</returns>
    public int Scan(ReadOnlySpan<byte> text, int at, bool isFinal, List<Found> found)
    {
        _found = found;
        var limit = isFinal ? text.Length : text.Length - Lookahead;
        while (at < limit)
        {
            at = _tail is not null ? Swallow(text, at, limit)
                : TakePending(text, at) is var next && next > at ? next
                : Bytes.IsWord(text[at]) ? AtWord(text, at)
                : AtOther(text, at);
        }

        return TakePending(text, at);
    }

    /// <summary>The view moves on: its first bytes are gone.</summary>
    public void Slide(int bytes)
    {
        _from = Math.Max(0, _from - bytes);
        _nextPiece = _nextPiece == int.MaxValue ? _nextPiece : _nextPiece - bytes;
        _lineAt -= bytes;
        _runs.Forget();
        _values.Forget();
        for (var i = 0; i < _pending.Count; i++)
        {
            _pending[i] = _pending[i] with { Start = _pending[i].Start - bytes, End = _pending[i].End - bytes };
        }

        for (var i = 0; i < _topics.Length; i++)
        {
            _topics[i] = Math.Max(LongAgo, _topics[i] - bytes);
        }
    }

    private int AtOther(ReadOnlySpan<byte> text, int at)
    {
        _steps++;
        var match = text[at] switch
        {
            (byte)'@' when _enabled[DataKinds.Email.Index] && Bytes.IsLabel(Bytes.At(text, at + 1)) =>
                Emails.Find(text, at, _from, ref _steps) with { Kind = DataKinds.Email },
            (byte)'+' or (byte)'(' when _enabled[DataKinds.Phone.Index] && !Bytes.IsWord(Bytes.At(text, at - 1)) =>
                Phones.FindMarked(text, at, ref _steps),
            (byte)'-' when _enabled[DataKinds.PrivateKey.Index] && Bytes.At(text, at - 1) != '-' =>
                PrivateKeys.Find(text, at, ref _steps),
            (byte)':' when Bytes.At(text, at + 1) == ':' && _enabled[DataKinds.IpAddress.Index]
                && !Bytes.IsWord(Bytes.At(text, at - 1)) && Bytes.At(text, at - 1) != ':' =>
                Addresses.FindIPv6(text, at, ref _steps) with { Kind = DataKinds.IpAddress },
            _ => default,
        };
        return TryTake(text, match) ? match.End : at + 1;
    }

    /// <summary>Takes a match when its form and what stands around it say enough.</summary>
    private bool TryTake(ReadOnlySpan<byte> text, Match match)
    {
        if (!match.IsFound || match.Kind is not { } kind || match.Start < _from || match.End <= match.Start
            || !_enabled[kind.Index] || !IsConvincing(match, kind))
        {
            return false;
        }

        _found.Add(new Found(match.Start, match.End, kind));
        _from = match.End;
        (_tail, _tailKind) = (TailOf(kind, match.End - match.Start), kind);
        _tailLeft = _tail?.Most ?? 0;
        return true;
    }

    private bool IsConvincing(Match match, DataKind kind)
    {
        var needed = Column is null ? Certainty.Likely
            // Prose stays prose inside of a document; a value of a column that looks like an assignment is code.
            : kind.Group == DataGroup.Secrets && _plan.Mode == RedactionMode.Columns ? Certainty.Certain
            : Column.Needed;
        if (match.Certainty >= needed)
        {
            return true;
        }

        foreach (var topic in Topics.Of(kind))
        {
            if (IsNear(topic, match.Start))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsNear(Topic topic, int at) =>
        at - _topics[(int)topic] <= Lexicon.Reach || (Column?.Speaks(topic) ?? false);

    private static Tail? TailOf(DataKind kind, int length) =>
        kind == DataKinds.PrivateKey ? Tail.Pem
        : kind == DataKinds.Jwt || (kind.Group == DataGroup.Secrets && length >= TokenShape.MostAtOnce) ? Tail.Token
        : kind == DataKinds.Url && length >= Urls.MostAtOnce ? Tail.Url
        : null;

    /// <summary>Passes over the rest of a finding.</summary>
    private int Swallow(ReadOnlySpan<byte> text, int at, int limit)
    {
        var tail = _tail!;
        var stop = at + Math.Min(limit - at, _tailLeft);
        var last = tail.HasEnd ? EndOfKey(text, at, stop) : 0;
        var end = last > 0 ? last : tail.EndOf(text, at, stop);
        _steps += end - at;
        _tailLeft -= end - at;
        var isOver = last > 0 || end < stop || _tailLeft <= 0;
        if (end > at)
        {
            _found.Add(new Found(at, end, _tailKind!, IsTail: true));
            _from = end;
        }

        _tail = isOver ? null : tail;
        return end;
    }

    /// <summary>Where the last line of a key ends that begins before a place; 0 when none does.</summary>
    private static int EndOfKey(ReadOnlySpan<byte> text, int at, int stop)
    {
        const int LongestLine = 80;
        var run = Tail.Pem.EndOf(text, at, Math.Min(text.Length, stop + LongestLine));
        var start = text[at..run].IndexOf("-----END "u8);
        if (start < 0 || at + start >= stop)
        {
            return 0;
        }

        start += at + 9;
        var label = text[start..Math.Min(text.Length, start + LongestLine - 9)].IndexOf("-----"u8);
        return label < 0 ? 0 : start + label + 5;
    }
}
