namespace Countersign.Gates.Http.GraphQl;

/// <summary>The lexical tokens of GraphQL (specification of 2025-09, section 2.1); values are passed over.</summary>
internal sealed class GraphQlLexer
{
    /// <summary>Most tokens of one document.</summary>
    private const int MostTokens = 50_000;

    private const string Quotes = "\"\"\"";

    private readonly string _text;
    private int _at;
    private int _count;

    public GraphQlLexer(string text)
    {
        _text = text;
        Advance();
    }

    /// <summary>
    /// The present token: a name, a punctuator, <c>"</c> for a text, <c>0</c> for a number, empty at the end.
    /// </summary>
    public string Token { get; private set; } = "";

    public bool IsName => Token.Length > 0 && (char.IsAsciiLetter(Token[0]) || Token[0] == '_');

    /// <exception cref="FormatException">What follows is no token.</exception>
    public void Advance()
    {
        if (++_count > MostTokens)
        {
            throw new FormatException($"its document has more than {MostTokens} tokens");
        }

        Skip();
        if (_at == _text.Length)
        {
            Token = "";
            return;
        }

        var start = _at;
        var first = _text[_at];
        Token = 0 switch
        {
            _ when char.IsAsciiLetter(first) || first == '_' => Take(start, char.IsAsciiLetterOrDigit, '_'),
            _ when char.IsAsciiDigit(first) || first == '-' => Number(start),
            _ when first == '"' => Quoted(),
            _ when _text.AsSpan(_at).StartsWith("...") => Punctuator(3),
            _ when "!$&()[]{}:=|@".Contains(first, StringComparison.Ordinal) => Punctuator(1),
            _ => throw new FormatException($"its document has a character that GraphQL does not, at {_at}"),
        };
    }

    private string Punctuator(int length)
    {
        _at += length;
        return _text[(_at - length).._at];
    }

    private string Take(int start, Func<char, bool> goesOn, char also)
    {
        while (_at < _text.Length && (goesOn(_text[_at]) || _text[_at] == also))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private string Number(int start)
    {
        _at++;
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] is '.' or 'e' or 'E' or '+' or '-'))
        {
            _at++;
        }

        return start < _at ? "0" : "";
    }

    private string Quoted()
    {
        if (_text.AsSpan(_at).StartsWith(Quotes))
        {
            _at += Quotes.Length;
            while (!_text.AsSpan(_at).StartsWith(Quotes))
            {
                _at += _text.AsSpan(_at).StartsWith("\\" + Quotes) ? Quotes.Length + 1 : 1;
                ThrowAtEnd();
            }

            _at += Quotes.Length;
            return "\"";
        }

        for (_at++; ; _at++)
        {
            ThrowAtEnd();
            switch (_text[_at])
            {
                case '"':
                    _at++;
                    return "\"";
                case '\n' or '\r':
                    throw new FormatException("a text in its document goes beyond the end of its line");
                case '\\':
                    _at++;
                    break;
            }
        }
    }

    private void ThrowAtEnd()
    {
        if (_at >= _text.Length)
        {
            throw new FormatException("a text in its document has no end");
        }
    }

    /// <summary>White space, line ends, commas, comments and the byte order mark.</summary>
    private void Skip()
    {
        while (_at < _text.Length)
        {
            switch (_text[_at])
            {
                case ' ' or '\t' or '\n' or '\r' or ',' or '\ufeff':
                    _at++;
                    break;
                case '#':
                    while (_at < _text.Length && _text[_at] is not ('\n' or '\r'))
                    {
                        _at++;
                    }

                    break;
                default:
                    return;
            }
        }
    }
}
