using System.Text;
using System.Text.Unicode;

namespace Countersign.Core.Ledger;

/// <summary>
/// What may stand in a signed note (C2SP signed-note): valid UTF-8, and no control character but the line feed.
/// </summary>
internal static class NoteText
{
    private static readonly UTF8Encoding Strict =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = Utf8.IsValid(bytes) ? Strict.GetString(bytes) : null;
        return text is not null && !text.Any(IsForbidden)
            ? text
            : throw new FormatException(
                "The note is not plain text: it must be valid UTF-8 without control characters other than line feeds.");
    }

    public static byte[] Encode(string text) => Strict.GetBytes(text);

    /// <summary>Whether a text can stand in one line of a note.</summary>
    public static bool IsLine(string text) =>
        !text.Any(static character => IsForbidden(character) || character == '\n') && HasNoLoneSurrogate(text);

    // Enumerating runes turns a lone surrogate into U+FFFD.
    private static bool HasNoLoneSurrogate(string text) => string.Concat(text.EnumerateRunes()) == text;

    private static bool IsForbidden(char character) => character < ' ' && character != '\n';
}
