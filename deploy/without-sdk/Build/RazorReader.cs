namespace Countersign.WithoutSdk;

/// <summary>What markup consists of.</summary>
abstract record Node;

/// <summary>Markup as it stands, with nothing to compute.</summary>
sealed record Literal(string Text) : Node;

/// <summary>The value of a C# expression, which the framework encodes.</summary>
sealed record Value(string Expression) : Node;

/// <summary>An element or, with a capital letter, a component. An attribute without pieces has no value.</summary>
sealed record Element(
    string Name,
    IReadOnlyList<(string Name, IReadOnlyList<Node> Value)> Attributes,
    IReadOnlyList<Node> Children) : Node;

/// <summary>A branch or loop: statements' heads, each with the markup in its braces.</summary>
sealed record Block(IReadOnlyList<(string Head, IReadOnlyList<Node> Body)> Parts) : Node;

/// <summary>Reads the markup of one component.</summary>
sealed class RazorReader(string path, string text)
{
    // What begins like a value and is none.
    static readonly string[] Statements =
        ["code ", "page ", "inject ", "switch ", "for ", "while ", "using ", "if", "foreach"];

    static readonly HashSet<string> Void = ["meta", "link", "input", "img", "br", "hr"];

    int _at;

    char Here => _at < text.Length ? text[_at] : '\0';

    public IReadOnlyList<Node> ReadAll()
    {
        var nodes = ReadMarkup();
        return _at == text.Length ? nodes : throw Problem("something is closed that was not opened");
    }

    // Up to a closing tag or the end.
    List<Node> ReadMarkup()
    {
        var nodes = new List<Node>();
        while (_at < text.Length && !Starts("</"))
        {
            nodes.Add(ReadNode());
        }
        return nodes;
    }

    Node ReadNode()
    {
        if (Here == '@')
        {
            return Starts("@if ") || Starts("@foreach ") ? ReadBlock(1) : new Value(ReadValue());
        }
        if (Starts("<!"))
        {
            return new Literal(ReadThrough(">"));
        }
        return Here == '<' ? ReadElement() : ReadText();
    }

    Literal ReadText()
    {
        var start = _at;
        _at = text.IndexOfAny(['<', '@'], _at) is var end && end < 0 ? text.Length : end;
        return new Literal(text[start.._at]);
    }

    Element ReadElement()
    {
        _at++;
        var name = ReadName();
        var attributes = new List<(string, IReadOnlyList<Node>)>();
        for (SkipSpace(); Here is not ('>' or '/'); SkipSpace())
        {
            attributes.Add((ReadName(), ReadAttribute()));
        }
        if (Starts("/>"))
        {
            _at += 2;
            return new Element(name, attributes, []);
        }
        Expect(">");
        if (Void.Contains(name))
        {
            return new Element(name, attributes, []);
        }
        var children = ReadMarkup();
        Expect($"</{name}>");
        return new Element(name, attributes, Trim(children));
    }

    List<Node> ReadAttribute()
    {
        var pieces = new List<Node>();
        if (Here != '=')
        {
            return pieces;
        }
        Expect("=\"");
        while (Here != '"')
        {
            if (Here == '@')
            {
                pieces.Add(new Value(ReadValue()));
                continue;
            }
            var start = _at;
            _at = text.IndexOfAny(['"', '@'], _at);
            pieces.Add(new Literal(System.Net.WebUtility.HtmlDecode(text[start.._at])));
        }
        _at++;
        return pieces.Count == 0 ? [new Literal("")] : pieces;
    }

    // "if (…) { … } else { … }" or "foreach (…) { … }".
    Block ReadBlock(int skip)
    {
        _at += skip;
        var parts = new List<(string, IReadOnlyList<Node>)>();
        do
        {
            var start = _at;
            var brace = text.IndexOf('(', _at);
            if (Starts("else") && !Starts("else if"))
            {
                _at += "else".Length;
            }
            else
            {
                _at = brace;
                SkipBalanced();
            }
            var head = text[start.._at];
            SkipSpace();
            parts.Add((head, ReadBody()));
        }
        while (ElseFollows(parts[0].Item1));
        return new Block(parts);
    }

    bool ElseFollows(string head)
    {
        var back = _at;
        SkipSpace();
        if (head.StartsWith("if", StringComparison.Ordinal) && Starts("else"))
        {
            return true;
        }
        _at = back;
        return false;
    }

    // Braces hold elements, values and further blocks, but no text and no other statement.
    List<Node> ReadBody()
    {
        Expect("{");
        var nodes = new List<Node>();
        for (SkipSpace(); Here != '}'; SkipSpace())
        {
            nodes.Add(Starts("if ") || Starts("foreach ") ? ReadBlock(0)
                : Here is '<' or '@' ? ReadNode()
                : throw Problem("here only elements, values, if and foreach are understood"));
            // What follows a value on its line belongs to the markup.
            if (nodes[^1] is Value && Here == '<')
            {
                nodes.Add(ReadElement());
            }
        }
        _at++;
        return nodes;
    }

    // "@(…)" or a name with members, calls and indexes.
    string ReadValue()
    {
        _at++;
        var start = _at;
        if (Here == '(')
        {
            SkipBalanced();
            return text[start.._at];
        }
        if (!char.IsLetter(Here) || Statements.Any(Starts))
        {
            throw Problem("this directive or statement is not understood");
        }
        ReadName();
        while (true)
        {
            var dot = Here == '!' ? _at + 1 : _at;
            if (Here is '(' or '[')
            {
                SkipBalanced();
            }
            else if (dot + 1 < text.Length && text[dot] == '.' && char.IsLetter(text[dot + 1]))
            {
                _at = dot + 1;
                ReadName();
            }
            else
            {
                return text[start.._at];
            }
        }
    }

    void SkipBalanced()
    {
        var depth = 0;
        do
        {
            switch (Here)
            {
                case '(' or '[' or '{':
                    depth++;
                    break;
                case ')' or ']' or '}':
                    depth--;
                    break;
                case '"':
                    for (_at++; Here != '"'; _at++)
                    {
                        _at += Here == '\\' ? 1 : 0;
                    }
                    break;
                case '\0':
                    throw Problem("a bracket is not closed");
            }
            _at++;
        }
        while (depth > 0);
    }

    string ReadName()
    {
        var start = _at;
        while (char.IsLetterOrDigit(Here) || Here is '-' or '_')
        {
            _at++;
        }
        return _at > start ? text[start.._at] : throw Problem("a name is missing");
    }

    // White space at the ends of an element, and beside what braces hold, is only there for the reader.
    public static IReadOnlyList<Node> Trim(IReadOnlyList<Node> nodes) => [.. nodes.Where((node, index) =>
        node is not Literal literal || !string.IsNullOrWhiteSpace(literal.Text)
        || (index > 0 && index < nodes.Count - 1 && nodes[index - 1] is not Block && nodes[index + 1] is not Block))];

    string ReadThrough(string end)
    {
        var start = _at;
        _at = text.IndexOf(end, _at, StringComparison.Ordinal) + end.Length;
        return text[start.._at];
    }

    void SkipSpace()
    {
        while (char.IsWhiteSpace(Here))
        {
            _at++;
        }
    }

    bool Starts(string what) => string.CompareOrdinal(text, _at, what, 0, what.Length) == 0;

    void Expect(string what) => _at = Starts(what) ? _at + what.Length : throw Problem($"{what} is missing");

    BuildException Problem(string what)
    {
        var line = text.AsSpan(0, Math.Min(_at, text.Length)).Count('\n') + 1;
        return new BuildException($"{path}({line}): {what}.");
    }
}
