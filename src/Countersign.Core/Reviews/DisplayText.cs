using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Countersign.Core.Reviews;

/// <summary>What a text held that could have misled its reader; all of it is visible in the shown form.</summary>
[Flags]
public enum DisplayFlags
{
    None = 0,

    /// <summary>Control characters and line separators.</summary>
    Control = 1,

    /// <summary>Characters that reorder what follows.</summary>
    Bidi = 2,

    /// <summary>Characters without a glyph of their own: zero-width, tags, fillers, unusual spaces.</summary>
    Invisible = 4,

    /// <summary>Unassigned or private characters, or half of a surrogate pair.</summary>
    Unassigned = 8,

    /// <summary>One word with letters of two look-alike scripts.</summary>
    MixedScript = 16,

    /// <summary>A word, digit or sign that looks like another one throughout.</summary>
    LookAlike = 32,

    /// <summary>Marks that strike through, enclose or pile up over other characters.</summary>
    Stacked = 64,

    /// <summary>Runs of one character, or of blanks, that push other text out of sight.</summary>
    Repeated = 128,

    /// <summary>
    /// Letters and digits of a script that is read from right to left. People write names in them, so they are shown as
    /// they are; but they change the order in which neighbouring numbers and signs are shown.
    /// </summary>
    RightToLeft = 256,
}

/// <summary>
/// A text from outside as a person may see it: whatever has no glyph, or changes how others are read, is spelled
/// <c>\u{XXXX}</c>, and a run of <c>N</c> equal characters <c>\u{XXXX×N}</c>. Every channel shows untrusted text only
/// through this type, so that no two of them differ. A text cannot fake the spelling: its own <c>\u{</c> is spelled
/// too.
/// </summary>
public readonly record struct DisplayText
{
    /// <summary>How many equal characters in a row are shown before they are counted instead.</summary>
    private const int MaxRun = 64;

    /// <summary>How many blanks in a row are shown before they are counted instead.</summary>
    public const int MaxBlanks = 32;

    private const int MaxSpelledRun = 3;
    private const int MaxLineFeeds = 3;

    /// <summary>More marks over one character than any orthography uses.</summary>
    private const int MaxMarks = 4;

    private const string Printable =
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

    private static readonly SearchValues<char> PlainLine = SearchValues.Create(Printable);

    private static readonly SearchValues<char> PlainLines = SearchValues.Create(Printable + "\n\t");

    private static readonly SearchValues<byte> PlainBytes =
        SearchValues.Create([.. Printable.Replace("\\", "", StringComparison.Ordinal).Select(c => (byte)c)]);

    private readonly string? _text;

    private DisplayText(string text, DisplayFlags flags)
    {
        _text = text;
        Flags = flags;
    }

    public string Text => _text ?? "";

    public DisplayFlags Flags { get; }

    /// <summary>The text on one line: line feeds and tabs are spelled out too.</summary>
    public static DisplayText OneLine(string? raw) => Of(raw ?? "", keepsLines: false);

    /// <summary>The text with its line feeds and tabs; CR LF counts as one line feed.</summary>
    public static DisplayText Lines(string? raw) =>
        Of((raw ?? "").Replace("\r\n", "\n", StringComparison.Ordinal), keepsLines: true);

    /// <summary>
    /// Whether a text in UTF-8 is shown as it is for sure, and with it each part of it, and holds no backslash: most
    /// texts are like that, and some are long. What is not plain here may still turn out to be harmless.
    /// </summary>
    public static bool IsPlain(ReadOnlySpan<byte> raw) =>
        !raw.ContainsAnyExcept(PlainBytes) && !HasLongRun(raw, (byte)' ', (byte)'\t');

    public override string ToString() => Text;

    private static DisplayText Of(string raw, bool keepsLines)
    {
        if (IsPlain(raw, keepsLines))
        {
            return new DisplayText(raw, DisplayFlags.None);
        }

        var shown = new StringBuilder(raw.Length);
        var flags = LookAlikes.In(raw);
        var marks = 0;
        for (var at = 0; at < raw.Length;)
        {
            var (value, length, flag) = ReadAt(raw, at, keepsLines);
            marks = IsMark(raw, at, value) ? marks + 1 : 0;
            flag = flag == DisplayFlags.None && marks > MaxMarks ? DisplayFlags.Stacked : flag;
            flags |= flag;
            var run = keepsLines && value == '\n' ? LineFeedsAt(raw, at) : RunAt(raw, at, value, length);
            if (run.Count > LimitOf(value, flag))
            {
                flags |= DisplayFlags.Repeated;
                shown.Append(run.IsMixed ? $@"\u{{blank×{run.Count}}}" : $@"\u{{{value:X4}×{run.Count}}}");
                shown.Append(value == '\n' && keepsLines ? "\n" : "");
                at += run.Length;
                continue;
            }

            AppendOne(shown, raw, at, (value, length, flag));
            at += length;
        }

        return new DisplayText(shown.ToString(), flags);
    }

    private static bool IsPlain(ReadOnlySpan<char> raw, bool keepsLines) =>
        !raw.ContainsAnyExcept(keepsLines ? PlainLines : PlainLine)
        && !HasLongRun(raw, ' ', '\t')
        && !(keepsLines && HasManyLineFeeds(raw))
        && !raw.Contains(@"\u{", StringComparison.Ordinal);

    /// <summary>
    /// Looks at one character of every <see cref="MaxBlanks"/>: each run that is too long covers one of them.
    /// </summary>
    private static bool HasLongRun<T>(ReadOnlySpan<T> raw, T blank, T tab)
        where T : struct, INumber<T>
    {
        for (var at = 0; at < raw.Length; at += MaxBlanks)
        {
            var c = raw[at];
            var other = c == blank ? tab : c == tab ? blank : c;
            if ((at == 0 || (raw[at - 1] != c && raw[at - 1] != other))
                && (at + 1 == raw.Length || (raw[at + 1] != c && raw[at + 1] != other)))
            {
                continue;
            }

            var end = raw[at..].IndexOfAnyExcept(c, other);
            var before = at - 1 - raw[..at].LastIndexOfAnyExcept(c, other);
            var run = before + (end < 0 ? raw.Length - at : end);
            if (run > (c == other ? MaxRun : MaxBlanks))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasManyLineFeeds(ReadOnlySpan<char> raw)
    {
        for (var at = raw.IndexOf('\n'); at >= 0;)
        {
            var rest = raw[at..];
            var end = rest.IndexOfAnyExcept(" \t\n");
            var stretch = end < 0 ? rest : rest[..end];
            if (stretch.Count('\n') > MaxLineFeeds)
            {
                return true;
            }

            var next = rest[stretch.Length..].IndexOf('\n');
            at = next < 0 ? -1 : at + stretch.Length + next;
        }

        return false;
    }

    private static (int Value, int Length, DisplayFlags Flag) ReadAt(string raw, int at, bool keepsLines)
    {
        if (!Rune.TryGetRuneAt(raw, at, out var rune))
        {
            return (raw[at], 1, DisplayFlags.Unassigned);
        }

        var isKept = keepsLines && raw[at] is '\n' or '\t';
        return (rune.Value, rune.Utf16SequenceLength, isKept ? DisplayFlags.None : FlagOf(rune));
    }

    private static void AppendOne(
        StringBuilder shown, string raw, int at, (int Value, int Length, DisplayFlags Flag) one)
    {
        var looksSpelled = one.Value == '\\' && raw.AsSpan(at + 1).StartsWith("u{", StringComparison.Ordinal);
        if (one.Flag == DisplayFlags.None && !looksSpelled)
        {
            shown.Append(raw, at, one.Length);
        }
        else
        {
            shown.Append($@"\u{{{one.Value:X4}}}");
        }
    }

    private static int LimitOf(int value, DisplayFlags flag) => (value, flag) switch
    {
        ('\n', DisplayFlags.None) => MaxLineFeeds,
        (' ' or '\t', DisplayFlags.None) => MaxBlanks,
        (_, DisplayFlags.None) => MaxRun,
        _ => MaxSpelledRun,
    };

    /// <summary>How often the character comes in a row; blanks of both kinds are one row.</summary>
    private static (int Count, int Length, bool IsMixed) RunAt(string raw, int at, int value, int length)
    {
        if (value is ' ')
        {
            var blanks = raw.AsSpan(at).IndexOfAnyExcept(' ', '\t');
            blanks = blanks < 0 ? raw.Length - at : blanks;
            return (blanks, blanks, raw.AsSpan(at, blanks).Contains('\t'));
        }

        var unit = raw.AsSpan(at, length);
        var count = 1;
        while (raw.AsSpan(at + (count * length)).StartsWith(unit, StringComparison.Ordinal))
        {
            count++;
        }

        return (count, count * length, false);
    }

    /// <summary>
    /// Line feeds in a row, with nothing but blanks between them; what indents the next line is not theirs.
    /// </summary>
    private static (int Count, int Length, bool IsMixed) LineFeedsAt(string raw, int at)
    {
        var blank = raw.AsSpan(at).IndexOfAnyExcept(" \t\n");
        var stretch = blank < 0 ? raw.AsSpan(at) : raw.AsSpan(at, blank);
        return (stretch.Count('\n'), stretch.LastIndexOf('\n') + 1, false);
    }

    private static bool IsMark(string raw, int at, int value) => value >= 0x300
        && CharUnicodeInfo.GetUnicodeCategory(raw, at) is UnicodeCategory.NonSpacingMark;

    private static DisplayFlags FlagOf(Rune rune) => 0 switch
    {
        _ when rune.Value is >= 0x20 and < 0x7F => DisplayFlags.None,
        _ when IsBidiControl(rune.Value) => DisplayFlags.Bidi,
        _ when HasNoGlyph(rune.Value) => DisplayFlags.Invisible,
        _ when StrikesThrough(rune.Value) => DisplayFlags.Stacked,
        _ => FlagOf(Rune.GetUnicodeCategory(rune)),
    };

    private static DisplayFlags FlagOf(UnicodeCategory category) => category switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator =>
            DisplayFlags.Control,
        UnicodeCategory.Format or UnicodeCategory.SpaceSeparator => DisplayFlags.Invisible,
        UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate =>
            DisplayFlags.Unassigned,
        UnicodeCategory.EnclosingMark => DisplayFlags.Stacked,
        _ => DisplayFlags.None,
    };

    /// <summary>The characters with the property Bidi_Control (UAX #9 section 2).</summary>
    private static bool IsBidiControl(int value) =>
        value is 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);

    /// <summary>
    /// Letters, marks and symbols that show nothing: those with the property Default_Ignorable_Code_Point (UAX #44)
    /// that are not format characters anyway, and the empty braille pattern.
    /// </summary>
    private static bool HasNoGlyph(int value) => value is
        0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x2800 or 0x3164 or 0xFFA0
        or (>= 0x180B and <= 0x180F) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0000 and <= 0xE0FFF);

    /// <summary>Combining strokes and overlays: they make a word look deleted.</summary>
    private static bool StrikesThrough(int value) => value is
        (>= 0x0334 and <= 0x0338) or 0x20D2 or 0x20D3 or (>= 0x20D8 and <= 0x20DA) or 0x20E5 or 0x20E6
        or (>= 0x20EA and <= 0x20EB);
}
