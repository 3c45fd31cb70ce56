using System.Buffers.Text;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// Writes a text without what does not matter. White space and comments go, identifiers are folded, and constants
/// become marks of their class. Two texts for which the same bytes are written do the same to the same objects, and
/// their results have the same columns.
/// </summary>
/// <remarks>
/// <para>
/// Why a constant may go at all: PostgreSQL's grammar never looks into one, so both texts have the same tree; and the
/// type of a constant depends only on its class, which stays: integers that fit 4 or 8 bytes, other numbers, strings
/// (whose type comes from where they stand), bit strings.
/// </para>
/// <para>A constant stays as it is written wherever its value could mean an object, a name, code or a position:</para>
/// <list type="number">
/// <item>in every statement that does not begin with SELECT, INSERT, UPDATE, DELETE, MERGE, WITH, VALUES or TABLE;
/// </item>
/// <item>anywhere between the parentheses of what may be a call or a type with modifiers: <c>nextval('s')</c>,
/// <c>set_config(…)</c>, <c>query_to_xml(…)</c>, <c>lo_unlink(1)</c>, <c>numeric(10, 2)</c>. That is every parenthesis
/// behind a name that is not a key word which can be neither a function nor a type, and all within it;</item>
/// <item>under a cast, other than one to a plain type that names no object (<c>'x'::regclass</c> stays,
/// <c>'2026-01-01'::date</c> goes), and within brackets that are cast;</item>
/// <item>behind a name or a bracket, where a string is a literal of that type (<c>regclass 'x'</c>);</item>
/// <item>in what ORDER BY, GROUP BY, PARTITION BY and DISTINCT ON list, where an integer is a position;</item>
/// <item>where it has escapes (<c>E''</c>, <c>U&amp;''</c>), which may be wrong, and wrong only in one of two texts;
/// </item>
/// <item>2147483648 and 9223372036854775808, whose type a minus before them changes.</item>
/// </list>
/// <para>
/// Elsewhere a value decides which rows are met, and whether the server raises an error, which nothing known of the
/// shape depends on. Lists behind IN whose constants are of one class have one shape from two elements on.
/// </para>
/// </remarks>
internal sealed class ShapeWriter(SqlScan scan)
{
    // One byte each; the kinds of tokens are far below.
    private const byte Int4Mark = 0x80;
    private const byte Int8Mark = 0x81;
    private const byte NumberMark = 0x82;
    private const byte StringMark = 0x83;
    private const byte BitMark = 0x84;
    private const byte HexMark = 0x85;
    private const byte ManyMark = 0x86;

    /// <summary>2^31: behind a minus it is of 4 bytes, and otherwise of 8.</summary>
    private const long Int4Edge = 2147483648;

    private readonly List<Level> _levels = [];
    private byte[] _written = new byte[1024];
    private int _length;
    private int _keptUntil;

    [Flags]
    private enum Level : byte
    {
        None = 0,

        /// <summary>In a statement whose constants all stay.</summary>
        Utility = 1,

        /// <summary>Within what may be a call.</summary>
        Call = 2,

        /// <summary>In a list of what to sort or to group by.</summary>
        Order = 4,
    }

    public ReadOnlySpan<byte> Written => _written.AsSpan(0, _length);

    public SqlFault? Write(ReadOnlySpan<byte> text)
    {
        if (scan.Read(text) is { } fault)
        {
            return fault;
        }

        _length = _keptUntil = 0;
        Reserve((scan.Tokens.Length * 2) + text.Length);
        foreach (var statement in scan.Statements)
        {
            WriteStatement(text, scan.Tokens.Slice(0, statement.First + statement.Count), statement.First);
            WriteByte((byte)TokenKind.Semicolon);
        }

        return null;
    }

    private void WriteStatement(ReadOnlySpan<byte> text, ReadOnlySpan<SqlToken> tokens, int first)
    {
        _levels.Clear();
        _levels.Add(BeginsQuery(tokens[first..]) ? Level.None : Level.Utility);
        for (var i = first; i < tokens.Length; i++)
        {
            var token = tokens[i];
            switch (token.Kind)
            {
                case TokenKind.Open or TokenKind.OpenBracket:
                    Enter(tokens, i);
                    WriteByte((byte)token.Kind);
                    i = WriteList(text, tokens, i);
                    break;
                case TokenKind.Close or TokenKind.CloseBracket:
                    _levels.RemoveAt(_levels.Count - 1);
                    WriteByte((byte)token.Kind);
                    break;
                case TokenKind.Word:
                    NoteOrder(token.Word);
                    WriteWord(text.Slice(token.Start, token.Length));
                    break;
                default:
                    WriteOther(text, tokens, i);
                    break;
            }
        }
    }

    private static bool BeginsQuery(ReadOnlySpan<SqlToken> tokens)
    {
        foreach (var token in tokens)
        {
            if (token.Kind != TokenKind.Open)
            {
                return token.Word.BeginsQuery();
            }
        }

        return false;
    }

    private void Enter(ReadOnlySpan<SqlToken> tokens, int index)
    {
        var level = _levels[^1];
        if (tokens[index].Kind == TokenKind.Open)
        {
            level |= MayBeCall(tokens, index) ? Level.Call : Level.None;
            level |= IsDistinctOn(tokens, index) ? Level.Order : Level.None;
        }

        _levels.Add(level);
        var partner = tokens[index].Partner;
        if (IsCast(tokens, partner))
        {
            _keptUntil = Math.Max(_keptUntil, partner);
        }
    }

    /// <summary>A parenthesis behind a name, unless that is a key word that names nothing, or a query begins.</summary>
    private static bool MayBeCall(ReadOnlySpan<SqlToken> tokens, int index)
    {
        if (index == 0 || tokens[index - 1].Kind
            is not (TokenKind.Word or TokenKind.QuotedName or TokenKind.UnicodeName or TokenKind.UnicodeString))
        {
            return false;
        }

        var isPart = index > 1 && tokens[index - 2].Kind == TokenKind.Dot;
        var isKeyWord = tokens[index - 1].Word.NamesNothing() && !isPart;
        var next = tokens[index + 1].Word;
        return !isKeyWord && next is not (Word.Select or Word.With or Word.Values or Word.Table);
    }

    private static bool IsDistinctOn(ReadOnlySpan<SqlToken> tokens, int index) =>
        index > 1 && tokens[index - 1].Word == Word.On && tokens[index - 2].Word == Word.Distinct;

    /// <summary>Whether casts follow of which one is to a type whose values may name objects.</summary>
    private static bool IsCast(ReadOnlySpan<SqlToken> tokens, int index)
    {
        var next = index + 1;
        while (next + 1 < tokens.Length && tokens[next].Kind == TokenKind.Cast)
        {
            var type = next + 1;
            if (type + 2 < tokens.Length
                && tokens[type].Word == Word.PgCatalog
                && tokens[type + 1].Kind == TokenKind.Dot)
            {
                type += 2;
            }

            var isQualified = type + 1 < tokens.Length && tokens[type + 1].Kind == TokenKind.Dot;
            if (isQualified || !tokens[type].Word.IsHarmlessType())
            {
                return true;
            }

            next = BehindType(tokens, type);
        }

        return false;
    }

    /// <summary>Behind the modifiers of a type: <c>(9)</c>, <c>[]</c>, <c>WITH TIME ZONE</c>.</summary>
    private static int BehindType(ReadOnlySpan<SqlToken> tokens, int type)
    {
        var next = type + 1;
        while (next < tokens.Length)
        {
            if (tokens[next].Kind is TokenKind.Open or TokenKind.OpenBracket)
            {
                next = tokens[next].Partner + 1;
            }
            else if (next + 2 < tokens.Length
                && tokens[next].Kind == TokenKind.Word
                && tokens[next + 1].Word == Word.Time
                && tokens[next + 2].Kind == TokenKind.Word)
            {
                next += 3;
            }
            else
            {
                break;
            }
        }

        return next;
    }

    private void NoteOrder(Word word)
    {
        if (word == Word.By)
        {
            _levels[^1] |= Level.Order;
        }
        else if (word.EndsOrder())
        {
            _levels[^1] &= ~Level.Order;
        }
    }

    private void WriteOther(ReadOnlySpan<byte> text, ReadOnlySpan<SqlToken> tokens, int index)
    {
        var token = tokens[index];
        var content = text.Slice(token.Start, token.Length);
        if (token.IsConstant && MarkFor(content, tokens, index) is { } mark)
        {
            WriteByte(mark);
            return;
        }

        WriteByte((byte)token.Kind);
        switch (token.Kind)
        {
            case TokenKind.Comma or TokenKind.Dot or TokenKind.Colon or TokenKind.Cast or TokenKind.Assign
                or TokenKind.Range or TokenKind.Semicolon or TokenKind.NationalPrefix:
                break;
            default:
                WriteText(content);
                break;
        }
    }

    /// <summary>The mark that stands for a constant, or <c>null</c> where it has to stay.</summary>
    private byte? MarkFor(ReadOnlySpan<byte> content, ReadOnlySpan<SqlToken> tokens, int index)
    {
        var level = _levels[^1];
        if ((level & (Level.Utility | Level.Call)) != 0 || index < _keptUntil || IsCast(tokens, index))
        {
            return null;
        }

        return tokens[index].Kind switch
        {
            TokenKind.String => IsOperand(tokens, index) ? StringMark : null,
            TokenKind.BitString => BitMark,
            TokenKind.HexString => HexMark,
            _ when (level & Level.Order) != 0 => null,
            TokenKind.Number => NumberMark,
            TokenKind.Integer => MarkForInteger(content),
            _ => null,
        };
    }

    private static byte? MarkForInteger(ReadOnlySpan<byte> digits)
    {
        if (!Utf8Parser.TryParse(digits, out long value, out var read) || read != digits.Length)
        {
            // What a minus makes of 2^63 is an integer, and what it makes of anything greater is not.
            return digits.TrimStart((byte)'0').SequenceEqual("9223372036854775808"u8) ? null : NumberMark;
        }

        return value switch
        {
            < Int4Edge => Int4Mark,
            Int4Edge => null,
            _ => Int8Mark,
        };
    }

    /// <summary>Whether nothing before it gives it a type by name.</summary>
    private static bool IsOperand(ReadOnlySpan<SqlToken> tokens, int index)
    {
        if (index == 0)
        {
            return false;
        }

        var before = tokens[index - 1];
        var isPart = index > 1 && tokens[index - 2].Kind == TokenKind.Dot;
        return before.Kind switch
        {
            TokenKind.Operator or TokenKind.Comma or TokenKind.Open or TokenKind.OpenBracket => true,
            TokenKind.Word => (before.Word.TakesText() || before.Word.IsHarmlessType()) && !isPart,
            _ => false,
        };
    }

    /// <summary>Behind IN: constants of one class, with commas between them, are a list of any length.</summary>
    /// <returns>Index of the last token that was written.</returns>
    private int WriteList(ReadOnlySpan<byte> text, ReadOnlySpan<SqlToken> tokens, int open)
    {
        var close = tokens[open].Partner;
        if (open == 0 || tokens[open - 1].Word != Word.In || close - open < 4 || (close - open) % 2 != 0)
        {
            return open;
        }

        byte? list = null;
        for (var i = open + 1; i < close; i += 2)
        {
            var token = tokens[i];
            var mark = token.IsConstant ? MarkFor(text.Slice(token.Start, token.Length), tokens, i) : null;
            if (mark is null || (mark != list && i > open + 1) || tokens[i + 1].Kind != SeparatorAt(i + 1, close))
            {
                return open;
            }

            list = mark;
        }

        WriteByte(ManyMark);
        WriteByte(list!.Value);
        return close - 1;
    }

    private static TokenKind SeparatorAt(int index, int close) => index == close ? TokenKind.Close : TokenKind.Comma;

    private void WriteWord(ReadOnlySpan<byte> word)
    {
        WriteByte((byte)TokenKind.Word);
        foreach (var letter in word)
        {
            WriteByte(Words.Folded(letter));
        }

        WriteByte(0);
    }

    /// <summary>No text holds a zero, so it ends one unmistakably.</summary>
    private void WriteText(ReadOnlySpan<byte> content)
    {
        content.CopyTo(_written.AsSpan(_length));
        _length += content.Length;
        WriteByte(0);
    }

    private void WriteByte(byte value) => _written[_length++] = value;

    /// <summary>A token needs two bytes beside its own text at most, and a statement one more.</summary>
    private void Reserve(int length)
    {
        if (_written.Length < length + scan.Statements.Count)
        {
            _written = new byte[length + scan.Statements.Count];
        }
    }
}
