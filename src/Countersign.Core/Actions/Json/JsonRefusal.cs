using System.Diagnostics;

namespace Countersign.Core.Actions.Json;

/// <summary>
/// Why a document was refused, and where: a byte offset from its start and a path such as <c>$.orders[3]</c>.
/// </summary>
public sealed record JsonRefusal(JsonFault Fault, int Offset, string Path)
{
    /// <summary>Whether the document is larger than allowed rather than wrong (HTTP 413 rather than 400).</summary>
    public bool ExceedsLimit =>
        Fault is JsonFault.TooManyBytes or JsonFault.TooDeep or JsonFault.TooManyValues or JsonFault.NumberTooLong;

    /// <summary>One sentence with place and reason, one with the remedy; it never quotes values.</summary>
    public string Message => $"The JSON is refused at byte {Offset} ({Path}): {Reason} {Remedy}";

    /// <inheritdoc/>
    public override string ToString() => Message;

    private string Reason => Fault switch
    {
        JsonFault.UnexpectedByte => "this byte cannot stand here.",
        JsonFault.UnexpectedEnd => "the document ends too early.",
        JsonFault.TrailingContent => "something follows the value.",
        JsonFault.ByteOrderMark => "it starts with a byte order mark.",
        JsonFault.InvalidUtf8 => "these bytes are not UTF-8.",
        JsonFault.Comment => "JSON has no comments.",
        JsonFault.TrailingComma => "a comma stands before the closing bracket.",
        JsonFault.NonFiniteNumber => "NaN and Infinity are not JSON numbers.",
        JsonFault.NumberOverflow => "the number is too large for a double.",
        JsonFault.NumberTooLong => "the number has too many characters.",
        JsonFault.MalformedNumber => "the number is malformed.",
        JsonFault.ControlCharacter => "a control character stands unescaped in a string.",
        JsonFault.MalformedEscape => "the escape is malformed.",
        JsonFault.LoneSurrogate => "half of a surrogate pair stands alone.",
        JsonFault.DuplicateName => "the object names this member twice.",
        JsonFault.NamesDifferInCaseOnly => "two member names of the object differ in upper and lower case only.",
        JsonFault.TooManyBytes => "the document has too many bytes.",
        JsonFault.TooDeep => "objects and arrays are nested too deeply.",
        JsonFault.TooManyValues => "the document has too many members and elements.",
        _ => throw new UnreachableException(),
    };

    private string Remedy => Fault switch
    {
        JsonFault.UnexpectedByte or JsonFault.UnexpectedEnd => "Send one complete value as RFC 8259 defines it.",
        JsonFault.TrailingContent => "Send exactly one value.",
        JsonFault.ByteOrderMark => "Send the document without it.",
        JsonFault.InvalidUtf8 => "Encode the document as UTF-8.",
        JsonFault.Comment or JsonFault.TrailingComma => "Remove it.",
        JsonFault.NonFiniteNumber or JsonFault.NumberOverflow => "Send null, a string or a finite number.",
        JsonFault.NumberTooLong => "Send it as a string.",
        JsonFault.MalformedNumber => "Write it as RFC 8259 section 6 says, without plus sign or leading zeros.",
        JsonFault.ControlCharacter => "Escape it, for example as \\n or \\u0000.",
        JsonFault.MalformedEscape => "Use one of the escapes of RFC 8259 section 7.",
        JsonFault.LoneSurrogate => "Escape both halves, or write the character as UTF-8.",
        JsonFault.DuplicateName => "Keep one of them.",
        JsonFault.NamesDifferInCaseOnly => "Rename one of them, since receivers disagree on which of the two counts.",
        JsonFault.TooManyBytes or JsonFault.TooManyValues => "Split the action, or have the limit raised.",
        JsonFault.TooDeep => "Flatten the document, or have the limit raised.",
        _ => throw new UnreachableException(),
    };
}
