namespace Countersign.Core.Actions.Json;

/// <summary>Why a document was refused.</summary>
public enum JsonFault
{
    /// <summary>A byte that no JSON grammar rule allows at its place.</summary>
    UnexpectedByte,

    /// <summary>The document stops before its value is complete, or holds no value at all.</summary>
    UnexpectedEnd,

    /// <summary>Something other than white space follows the value.</summary>
    TrailingContent,

    /// <summary>The document starts with U+FEFF, which RFC 8259 section 8.1 forbids to add.</summary>
    ByteOrderMark,

    /// <summary>The bytes are not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>A comment, which JSON does not have.</summary>
    Comment,

    /// <summary>A comma before a closing bracket.</summary>
    TrailingComma,

    /// <summary>NaN or Infinity as a literal.</summary>
    NonFiniteNumber,

    /// <summary>A number that no finite IEEE 754 double can stand for.</summary>
    NumberOverflow,

    /// <summary>A number longer than <see cref="JsonLimits.NumberCharacters"/>.</summary>
    NumberTooLong,

    /// <summary>A number outside the grammar of RFC 8259 section 6.</summary>
    MalformedNumber,

    /// <summary>An unescaped control character inside a string.</summary>
    ControlCharacter,

    /// <summary>A backslash followed by something RFC 8259 section 7 does not list.</summary>
    MalformedEscape,

    /// <summary>An escaped surrogate without its other half, which no UTF-8 can carry.</summary>
    LoneSurrogate,

    /// <summary>Two members of one object with the same name.</summary>
    DuplicateName,

    /// <summary>Two members of one object whose names differ in case only.</summary>
    NamesDifferInCaseOnly,

    /// <summary>More bytes than <see cref="JsonLimits.Bytes"/>.</summary>
    TooManyBytes,

    /// <summary>Deeper than <see cref="JsonLimits.Depth"/>.</summary>
    TooDeep,

    /// <summary>More members and elements than <see cref="JsonLimits.Values"/>.</summary>
    TooManyValues,
}
