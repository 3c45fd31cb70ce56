using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Countersign.Gates.Postgres.Analysis.Trees;

/// <summary>
/// Reads a tree from its text. Strict: a field has exactly one value, a name is never taken for syntax (aliases are the
/// agent's to choose, and <c>outToken</c> escapes only what the server's own reader would confuse), and nothing may
/// follow. It keeps its own stack, so that no text can exhaust the thread's.
/// </summary>
internal sealed class NodeText
{
    /// <summary>Longest text; a statement of 64 KB may well make megabytes.</summary>
    public const int MostCharacters = 32 * 1024 * 1024;

    public const int MostValues = 2_000_000;
    public const int MostDepth = 20_000;

    private readonly string _text;
    private readonly Stack<Open> _open = [];
    private int _at;
    private int _values;

    private NodeText(string text) => _text = text;

    /// <exception cref="TreeNotUnderstoodException">It is no such text, or too big.</exception>
    public static NodeValue Read(string text)
    {
        if (text.Length > MostCharacters)
        {
            throw new TreeNotUnderstoodException($"The tree is longer than {MostCharacters} characters.");
        }

        return new NodeText(text).ReadAll();
    }

    private NodeValue ReadAll()
    {
        while (true)
        {
            if (ReadValue() is not { } value)
            {
                continue;
            }

            if (_open.Count == 0)
            {
                SkipSpace();
                return _at == _text.Length ? value : throw Unexpected("more behind the tree");
            }

            _open.Peek().Add(value);
        }
    }

    /// <summary>A whole value, or <c>null</c> when one was only opened or a field's name was read.</summary>
    private NodeValue? ReadValue()
    {
        SkipSpace();
        if (_at == _text.Length)
        {
            throw Unexpected("the end");
        }

        if (_open.TryPeek(out var open) && open is { IsNode: true, Field: null } && _text[_at] != '}')
        {
            open.Field = FieldName();
            return null;
        }

        switch (_text[_at])
        {
            case '{':
                _at++;
                Push(new Open(Token(out _)));
                return null;
            case '(':
                _at++;
                return NumbersOrNull() is { } numbers ? Count(numbers) : OpenList();
            case '}' or ')':
                return Count(Close(_text[_at++]));
            default:
                return Count(WordOrBytes());
        }
    }

    private NodeValue? OpenList()
    {
        Push(new Open(null));
        return null;
    }

    private void Push(Open open)
    {
        if (_open.Count == MostDepth)
        {
            throw new TreeNotUnderstoodException($"The tree is nested more than {MostDepth} deep.");
        }

        _open.Push(open);
    }

    private NodeValue Close(char bracket)
    {
        if (!_open.TryPop(out var open) || open.IsNode != (bracket == '}') || open.Field is not null)
        {
            throw Unexpected($"'{bracket}'");
        }

        return open.Value();
    }

    private NodeValue Count(NodeValue value) => ++_values <= MostValues
        ? value
        : throw new TreeNotUnderstoodException($"The tree has more than {MostValues} values.");

    private string FieldName()
    {
        var token = Token(out _);
        return token is [':', _, ..] ? token[1..] : throw Unexpected("something that is no field");
    }

    /// <summary>
    /// <c>(b 1 2)</c> and its like: one letter that says of what kind, then numbers. A list of names has quotation
    /// marks, so nothing else begins that way.
    /// </summary>
    private NodeValue.Numbers? NumbersOrNull()
    {
        var isNumbers = _at + 1 < _text.Length && _text[_at] is 'b' or 'i' or 'o' or 'x'
            && _text[_at + 1] is ' ' or ')';
        if (!isNumbers)
        {
            return null;
        }

        _at++;
        return new NodeValue.Numbers(NumbersUntil(')'));
    }

    private ImmutableArray<long> NumbersUntil(char end)
    {
        var numbers = ImmutableArray.CreateBuilder<long>();
        while (true)
        {
            SkipSpace();
            if (_at < _text.Length && _text[_at] == end)
            {
                _at++;
                return numbers.DrainToImmutable();
            }

            numbers.Add(
                long.TryParse(Token(out _), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : throw Unexpected("something that is no number"));
        }
    }

    private NodeValue WordOrBytes()
    {
        var isBytes = _open.TryPeek(out var open) && open.Field == "constvalue";
        var isQuoted = _text[_at] == '"';
        var text = Token(out var isBare);
        if (isBare && text == "<>")
        {
            return NodeValue.Missing.Instance;
        }

        if (isBytes)
        {
            return Datum();
        }

        // A string in a list stands in quotation marks; one that begins with such a mark itself has it escaped.
        return !isQuoted ? new NodeValue.Word(text)
            : text is ['"', .. var inner, '"'] ? new NodeValue.Word(inner)
            : throw Unexpected("an open string");
    }

    /// <summary>A datum is its length, which was read, and every byte as a signed number between brackets.</summary>
    private NodeValue.Bytes Datum()
    {
        SkipSpace();
        return _at < _text.Length && _text[_at++] == '['
            ? new NodeValue.Bytes([.. NumbersUntil(']').Select(number => unchecked((byte)number))])
            : throw Unexpected("a constant without its bytes");
    }

    /// <summary>Up to the next unescaped space or bracket.</summary>
    /// <param name="isBare">Whether nothing in it was escaped.</param>
    private string Token(out bool isBare)
    {
        var start = _at;
        isBare = true;
        while (_at < _text.Length && _text[_at] is not (' ' or '\n' or '\t' or '(' or ')' or '{' or '}'))
        {
            isBare &= _text[_at] != '\\';
            _at += _text[_at] == '\\' && _at + 1 < _text.Length ? 2 : 1;
        }

        return start == _at
            ? throw Unexpected("no word")
            : isBare ? _text[start.._at] : Unescaped(_text.AsSpan(start, _at - start));
    }

    private static string Unescaped(ReadOnlySpan<char> raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            text.Append(raw[i] == '\\' && i + 1 < raw.Length ? raw[++i] : raw[i]);
        }

        return text.ToString();
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\n' or '\t')
        {
            _at++;
        }
    }

    private TreeNotUnderstoodException Unexpected(string what) =>
        new($"The tree's text has {what} at character {_at}.");

    /// <summary>A node or a list whose end was not read yet.</summary>
    private sealed class Open(string? label)
    {
        private readonly ImmutableArray<KeyValuePair<string, NodeValue>>.Builder _fields =
            ImmutableArray.CreateBuilder<KeyValuePair<string, NodeValue>>();

        private readonly ImmutableArray<NodeValue>.Builder _items = ImmutableArray.CreateBuilder<NodeValue>();

        public bool IsNode => label is not null;

        /// <summary>The field whose value is next.</summary>
        public string? Field { get; set; }

        public void Add(NodeValue value)
        {
            if (label is null)
            {
                _items.Add(value);
                return;
            }

            _fields.Add(new(Field!, value));
            Field = null;
        }

        public NodeValue Value() => label is null
            ? new NodeValue.Items(_items.DrainToImmutable())
            : new NodeValue.Node(label, _fields.DrainToImmutable());
    }
}
