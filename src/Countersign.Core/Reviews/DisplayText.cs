using System.Globalization;
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
}

/// <summary>
/// A text from outside as a person may see it: whatever has no glyph, or changes how others are read, is spelled
/// <c>\u{XXXX}</c>. Every channel shows untrusted text only through this type, so that no two of them differ.
/// </summary>
public readonly record struct DisplayText
{
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

    public override string ToString() => Text;

    private static DisplayText Of(string raw, bool keepsLines)
    {
        var shown = new StringBuilder(raw.Length);
        var flags = ScriptMix.IsIn(raw) ? DisplayFlags.MixedScript : DisplayFlags.None;
        for (var at = 0; at < raw.Length;)
        {
            var whole = Rune.TryGetRuneAt(raw, at, out var rune);
            var flag = whole ? FlagOf(rune) : DisplayFlags.Unassigned;
            var length = whole ? rune.Utf16SequenceLength : 1;
            if (flag == DisplayFlags.None || (keepsLines && raw[at] is '\n' or '\t'))
            {
                shown.Append(raw, at, length);
            }
            else
            {
                flags |= flag;
                shown.Append($"\\u{{{(whole ? rune.Value : raw[at]):X4}}}");
            }

            at += length;
        }

        return new DisplayText(shown.ToString(), flags);
    }

    private static DisplayFlags FlagOf(Rune rune) => 0 switch
    {
        _ when rune.Value is >= 0x20 and < 0x7F => DisplayFlags.None,
        _ when IsBidiControl(rune.Value) => DisplayFlags.Bidi,
        _ when HasNoGlyph(rune.Value) => DisplayFlags.Invisible,
        _ => FlagOf(Rune.GetUnicodeCategory(rune)),
    };

    private static DisplayFlags FlagOf(UnicodeCategory category) => category switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator =>
            DisplayFlags.Control,
        UnicodeCategory.Format or UnicodeCategory.SpaceSeparator => DisplayFlags.Invisible,
        UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate =>
            DisplayFlags.Unassigned,
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
}
