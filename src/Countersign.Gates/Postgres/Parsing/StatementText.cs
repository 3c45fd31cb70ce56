using System.Text;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>The tokens of one statement, or of a part of it.</summary>
internal sealed class StatementText(ReadOnlyMemory<byte> text, ReadOnlyMemory<SqlToken> all, int first, int count)
{
    public int Count => count;

    /// <summary>From its first token to its last one.</summary>
    public TextSpan At => SpanOf(0, count);

    public SqlToken this[int index] => all.Span[first + index];

    /// <summary>A part that is empty is none.</summary>
    public StatementText? Slice(int from, int length) =>
        from >= 0 && length > 0 && from + length <= count ? new StatementText(text, all, first + from, length) : null;

    public StatementText? From(int index) => Slice(index, count - index);

    public TextSpan SpanOf(int from, int length)
    {
        var (start, last) = (this[from].Start, this[from + length - 1]);
        return new TextSpan(start, last.End - start);
    }

    public string TextOf(TextSpan span) => Encoding.UTF8.GetString(text.Span.Slice(span.Start, span.Length));

    /// <summary>Whether that key word stands there, in any case.</summary>
    public bool Is(int index, string word) =>
        index >= 0
        && index < count
        && this[index].Kind == TokenKind.Word
        && Ascii.EqualsIgnoreCase(text.Span.Slice(this[index].Start, this[index].Length), word);

    public bool Is(int index, TokenKind kind) => index >= 0 && index < count && this[index].Kind == kind;

    /// <summary>Index behind that token, and behind its partner when it opens a bracket.</summary>
    public int Behind(int index) => this[index].Kind is TokenKind.Open or TokenKind.OpenBracket
        ? this[index].Partner - first + 1
        : index + 1;

    /// <summary>The first place outside of brackets where that word stands, or -1.</summary>
    public int Find(string word, int from)
    {
        for (var i = from; i < count; i = Behind(i))
        {
            if (Is(i, word))
            {
                return i;
            }
        }

        return -1;
    }
}
