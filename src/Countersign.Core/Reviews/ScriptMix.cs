using System.Text;

namespace Countersign.Core.Reviews;

/// <summary>
/// Finds words whose letters come from two scripts that look alike, such as a Cyrillic letter in a Latin table name. It
/// knows the scripts whose letters are mistaken for each other; others never count as mixed.
/// </summary>
internal static class ScriptMix
{
    private enum Script
    {
        None,
        Latin,
        Greek,
        Cyrillic,
        Armenian,
        Cherokee,
        Styled,
    }

    public static bool IsIn(string text)
    {
        var word = Script.None;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Rune.IsLetterOrDigit(rune) && rune.Value != '_')
            {
                word = Script.None;
                continue;
            }

            var script = ScriptOf(rune.Value);
            if (script != Script.None && word != Script.None && script != word)
            {
                return true;
            }

            word = script == Script.None ? word : script;
        }

        return false;
    }

    private static Script ScriptOf(int value) => value switch
    {
        (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') => Script.Latin,
        < 0xC0 or 0xD7 or 0xF7 => Script.None,
        (<= 0x24F) or (>= 0x250 and <= 0x2AF) or (>= 0x1E00 and <= 0x1EFF) or (>= 0x2C60 and <= 0x2C7F) => Script.Latin,
        (>= 0x370 and <= 0x3FF) or (>= 0x1F00 and <= 0x1FFF) => Script.Greek,
        (>= 0x400 and <= 0x52F) or (>= 0x1C80 and <= 0x1C8F) or (>= 0xA640 and <= 0xA69F) => Script.Cyrillic,
        >= 0x530 and <= 0x58F => Script.Armenian,
        (>= 0x13A0 and <= 0x13FF) or (>= 0xAB70 and <= 0xABBF) => Script.Cherokee,
        (>= 0xFF21 and <= 0xFF5A) or (>= 0x1D400 and <= 0x1D7FF) => Script.Styled,
        _ => Script.None,
    };
}
