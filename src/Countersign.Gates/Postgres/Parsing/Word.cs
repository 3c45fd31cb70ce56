using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Text;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>The words of a text that its shape and its splitting depend on; every other one is <c>None</c>.</summary>
internal enum Word : byte
{
    None,

    // Statements that the server's analyser takes begin with one of these.
    Select,
    Insert,
    Update,
    Delete,
    With,
    Values,
    Table,
    Merge,

    // Words that cannot be the name of a function or of a type (reserved, or key words of columns): a parenthesis or
    // a constant behind one of these is neither a call nor a typed literal.
    And,
    Or,
    Not,
    Where,
    On,
    Having,
    When,
    Then,
    Else,
    Case,
    Union,
    Except,
    Intersect,
    From,
    Returning,
    As,
    In,
    Exists,
    Any,
    Some,
    All,
    Using,
    To,
    Between,
    Distinct,
    Limit,
    Offset,
    Fetch,
    For,
    End,

    // They may be names, and matter where they stand as themselves.
    Like,
    ILike,
    By,
    Join,
    Begin,
    Atomic,
    Create,
    Replace,
    Function,
    Procedure,
    Explain,
    Analyze,
    Analyse,
    Verbose,
    Prepare,
    Declare,
    Copy,
    Execute,
    Data,
    No,
    Only,
    PgCatalog,

    // Types whose constants do the same whatever their value is.
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Json,
    Jsonb,
    Text,
    Varchar,
    Numeric,
    Decimal,
    Int,
    Integer,
    Bigint,
    Smallint,
    Int2,
    Int4,
    Int8,
    Real,
    Float4,
    Float8,
    Bool,
    Boolean,
    Bytea,
}

/// <summary>Finds and sorts words.</summary>
internal static class Words
{
    /// <summary>As many bytes as a <see cref="UInt128"/> holds; no word is longer.</summary>
    private const int Longest = 16;

    private static readonly FrozenDictionary<UInt128, Word> s_words = Enum.GetValues<Word>()
        .Where(word => word is not Word.None)
        .ToFrozenDictionary(word => Packed(Encoding.ASCII.GetBytes(Spelling(word))));

    public static Word Find(ReadOnlySpan<byte> text) =>
        text.Length <= Longest && s_words.TryGetValue(Packed(text), out var word) ? word : Word.None;

    public static bool BeginsQuery(this Word word) => word is >= Word.Select and <= Word.Merge;

    /// <summary>Whether a parenthesis behind it holds no arguments, and a constant behind it gets no type.</summary>
    public static bool NamesNothing(this Word word) =>
        word is (>= Word.And and <= Word.End) or Word.Select or Word.Values;

    /// <summary>Whether a text behind it is an operand, and not a literal of that type.</summary>
    public static bool TakesText(this Word word) => word.NamesNothing() || word is Word.Like or Word.ILike;

    public static bool IsHarmlessType(this Word word) => word is >= Word.Date and <= Word.Bytea;

    /// <summary>Whether it ends a list of what to sort or to group by.</summary>
    public static bool EndsOrder(this Word word) => word
        is Word.Limit or Word.Offset or Word.Fetch or Word.For or Word.Having
        or Word.Union or Word.Except or Word.Intersect;

    /// <summary>Letters in lower case, as identifiers are folded; other bytes stay as they are.</summary>
    public static byte Folded(byte letter) => letter is >= (byte)'A' and <= (byte)'Z' ? (byte)(letter | 0x20) : letter;

    private static string Spelling(Word word) =>
        word is Word.PgCatalog ? "pg_catalog" : word.ToString().ToLowerInvariant();

    /// <summary>The folded bytes as one number, filled up with zeros, which no word contains.</summary>
    private static UInt128 Packed(ReadOnlySpan<byte> text)
    {
        Span<byte> folded = stackalloc byte[Longest];
        folded.Clear();
        for (var i = 0; i < text.Length; i++)
        {
            folded[i] = Folded(text[i]);
        }

        return BinaryPrimitives.ReadUInt128LittleEndian(folded);
    }
}
