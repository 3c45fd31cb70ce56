namespace Countersign.Gates.Postgres.Parsing;

/// <summary>What kind of token the server's scanner would make of it.</summary>
internal enum TokenKind : byte
{
    None,

    /// <summary>An identifier or key word without quotes.</summary>
    Word,

    /// <summary><c>"name"</c>.</summary>
    QuotedName,

    /// <summary><c>U&amp;"name"</c>.</summary>
    UnicodeName,

    /// <summary><c>'text'</c> and <c>$tag$text$tag$</c>: what stands in it is what it means.</summary>
    String,

    /// <summary><c>E'text'</c>.</summary>
    EscapeString,

    /// <summary><c>U&amp;'text'</c>.</summary>
    UnicodeString,

    /// <summary><c>B'101'</c>.</summary>
    BitString,

    /// <summary><c>X'1F'</c>.</summary>
    HexString,

    /// <summary>The <c>N</c> of <c>N'text'</c>, which means the type <c>nchar</c>.</summary>
    NationalPrefix,
    Integer,

    /// <summary>A number with a point or an exponent.</summary>
    Number,

    /// <summary><c>$1</c>.</summary>
    Parameter,
    Operator,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Semicolon,
    Dot,
    Colon,

    /// <summary><c>::</c>.</summary>
    Cast,

    /// <summary><c>:=</c>.</summary>
    Assign,

    /// <summary><c>..</c>.</summary>
    Range,
}

/// <summary>One token: where it stands, and for a bracket where its partner is.</summary>
internal struct SqlToken(TokenKind kind, int start, int length)
{
    public readonly TokenKind Kind => kind;

    public readonly int Start => start;

    public readonly int Length => length;

    public readonly int End => start + length;

    /// <summary>Which word it is, of those that matter here.</summary>
    public Word Word { get; set; }

    /// <summary>Index of the bracket that closes this one, or opens it; 0 for every other token.</summary>
    public int Partner { get; set; }

    public readonly bool IsConstant => kind is >= TokenKind.String and <= TokenKind.HexString
        or TokenKind.Integer or TokenKind.Number;
}
