using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>One statement of a text: from behind the semicolon before it to its own.</summary>
/// <param name="Start">First byte, be it space.</param>
/// <param name="Length">Bytes up to the semicolon, or to the end of the text.</param>
/// <param name="First">Index of its first token.</param>
/// <param name="Count">Its tokens, without the semicolon; at least one.</param>
internal readonly record struct StatementRange(int Start, int Length, int First, int Count);

/// <summary>
/// A text cut into tokens and statements, within the limits that keep every parser behind it from harm. It may be used
/// again for another text.
/// </summary>
/// <remarks>
/// What a parser's stack depends on is how deep a tree becomes. Only three things make it deeper: brackets that are
/// open, tokens that follow one another in a chain without a comma, AND or OR (lists of these are flat), and the joins
/// and set operations of one query. Each of these has its limit here.
/// </remarks>
internal sealed class SqlScan(PostgresLimits limits)
{
    private const int FirstTokens = 64;

    private readonly Frame[] _frames = new Frame[limits.Nesting + 1];
    private readonly List<StatementRange> _statements = [];
    private SqlToken[] _tokens = new SqlToken[FirstTokens];
    private int _count;
    private int _depth;
    private int _statementAt;
    private int _statementToken;

    private enum FrameKind : byte
    {
        Statement,
        Parenthesis,
        Bracket,
        Case,

        /// <summary><c>BEGIN ATOMIC … END</c>, in which semicolons end nothing.</summary>
        Atomic,
    }

    public ReadOnlySpan<SqlToken> Tokens => _tokens.AsSpan(0, _count);

    public IReadOnlyList<StatementRange> Statements => _statements;

    /// <summary>Cuts the text; <c>null</c> when it could, and otherwise why not.</summary>
    public SqlFault? Read(ReadOnlySpan<byte> text)
    {
        _count = _depth = _statementAt = _statementToken = 0;
        _frames[0] = default;
        _statements.Clear();
        if (text.Length > limits.Statement)
        {
            return SqlFault.TooLong(limits.Statement);
        }

        if (FindBadByte(text) is { } bad)
        {
            return SqlFault.Encoding(bad);
        }

        var lexer = new SqlLexer(text);
        while (lexer.TryRead(out var token))
        {
            if (token.Kind == TokenKind.Word)
            {
                token.Word = Words.Find(text.Slice(token.Start, token.Length));
            }

            if (Add(token, text) is { } fault)
            {
                return fault;
            }
        }

        return lexer.Fault ?? EndText(text);
    }

    private static int? FindBadByte(ReadOnlySpan<byte> text)
    {
        var nul = text.IndexOf((byte)0);
        if (nul >= 0)
        {
            return nul;
        }

        if (Utf8.IsValid(text))
        {
            return null;
        }

        var at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out var length) == OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }

    private SqlFault? Add(SqlToken token, ReadOnlySpan<byte> text)
    {
        if (_count == limits.Tokens)
        {
            return SqlFault.TooMany("tokens", limits.Tokens, text, token.Start);
        }

        if (_count == _tokens.Length)
        {
            Array.Resize(ref _tokens, _tokens.Length * 2);
        }

        _tokens[_count++] = token;
        return Follow(token, text) ?? CountLinks(token, text);
    }

    private SqlFault? Follow(SqlToken token, ReadOnlySpan<byte> text) => token.Kind switch
    {
        TokenKind.Open => Enter(FrameKind.Parenthesis, token, text),
        TokenKind.OpenBracket => Enter(FrameKind.Bracket, token, text),
        TokenKind.Close => Leave(FrameKind.Parenthesis, token, text),
        TokenKind.CloseBracket => Leave(FrameKind.Bracket, token, text),
        TokenKind.Semicolon => EndStatement(token),
        TokenKind.Word => FollowWord(token, text),
        _ => null,
    };

    private SqlFault? FollowWord(SqlToken token, ReadOnlySpan<byte> text)
    {
        switch (token.Word)
        {
            case Word.Case:
                return Enter(FrameKind.Case, token, text);
            case Word.End when _frames[_depth].Kind == FrameKind.Case:
                _depth--;
                return null;
            case Word.End when _frames[_depth].Kind == FrameKind.Atomic && EndsBody():
                _depth--;
                return null;
            case Word.Atomic when _depth == 0 && BeginsBody():
                return Enter(FrameKind.Atomic, token, text);
            default:
                return null;
        }
    }

    private SqlFault? Enter(FrameKind kind, SqlToken token, ReadOnlySpan<byte> text)
    {
        if (_depth == limits.Nesting)
        {
            return SqlFault.TooMany("levels of nesting", limits.Nesting, text, token.Start);
        }

        _frames[++_depth] = new Frame { Kind = kind, Token = _count - 1 };
        return null;
    }

    private SqlFault? Leave(FrameKind kind, SqlToken token, ReadOnlySpan<byte> text)
    {
        ForgetCases();
        if (_frames[_depth].Kind != kind)
        {
            return SqlFault.Syntax("syntax error", text, token.Start, token.End);
        }

        var open = _frames[_depth--].Token;
        _tokens[open].Partner = _count - 1;
        _tokens[_count - 1].Partner = open;
        return null;
    }

    /// <summary>
    /// <c>case</c> may be the name of a column (<c>SELECT 1 AS case</c>), which no END follows; so an open one never
    /// keeps a bracket or a statement from ending.
    /// </summary>
    private void ForgetCases()
    {
        while (_frames[_depth].Kind == FrameKind.Case)
        {
            _depth--;
        }
    }

    private SqlFault? EndStatement(SqlToken semicolon)
    {
        ForgetCases();
        _frames[_depth].Links = 0;
        if (_depth > 0)
        {
            // In parentheses it stands between the actions of a rule, in a body between statements.
            return null;
        }

        Close(semicolon.Start, _count - 1);
        _statementAt = semicolon.End;
        _statementToken = _count;
        _frames[0] = default;
        return null;
    }

    private SqlFault? EndText(ReadOnlySpan<byte> text)
    {
        ForgetCases();
        if (_depth > 0)
        {
            return SqlFault.Syntax("syntax error", text, text.Length, text.Length);
        }

        Close(text.Length, _count);
        return null;
    }

    /// <summary>An empty statement is none.</summary>
    private void Close(int end, int token)
    {
        if (token > _statementToken)
        {
            _statements.Add(new StatementRange(
                _statementAt, end - _statementAt, _statementToken, token - _statementToken));
        }
    }

    /// <summary>Only functions and procedures have bodies; elsewhere both words may be names.</summary>
    private bool BeginsBody()
    {
        var words = _tokens.AsSpan(_statementToken, _count - _statementToken);
        if (words.Length < 4 || words[^2].Word != Word.Begin || words[0].Word != Word.Create)
        {
            return false;
        }

        var kind = words[1].Word == Word.Or && words[2].Word == Word.Replace ? words[3].Word : words[1].Word;
        return kind is Word.Function or Word.Procedure;
    }

    /// <summary>A body ends behind its last semicolon, or at once.</summary>
    private bool EndsBody()
    {
        var before = _tokens[_count - 2];
        return before.Kind == TokenKind.Semicolon || _count - 2 == _frames[_depth].Token;
    }

    private SqlFault? CountLinks(SqlToken token, ReadOnlySpan<byte> text)
    {
        ref var frame = ref _frames[_depth];
        if (token.Kind == TokenKind.Comma || token.Word is Word.And or Word.Or)
        {
            frame.Links = 0;
        }
        else if (++frame.Links > limits.Chain)
        {
            return SqlFault.TooMany("tokens in one chain", limits.Chain, text, token.Start);
        }

        if (token.Word is Word.Join or Word.Union or Word.Except or Word.Intersect && ++frame.Joins > limits.Joins)
        {
            return SqlFault.TooMany("joins and set operations in one query", limits.Joins, text, token.Start);
        }

        return null;
    }

    /// <summary>What is open, and how long its chains have become.</summary>
    private struct Frame
    {
        public FrameKind Kind;
        public int Token;
        public int Links;
        public int Joins;
    }
}
