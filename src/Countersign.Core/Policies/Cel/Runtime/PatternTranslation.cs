using System.Text;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>
/// Translates RE2 syntax (github.com/google/re2, "Syntax") to the .NET constructs of the same meaning:
/// <c>\d \w \s</c> are ASCII, <c>$</c> without (?m) is the very end of the text, named groups may be written
/// (?P&lt;name>).
/// </summary>
internal sealed class PatternTranslation
{
    private readonly string _pattern;
    private readonly StringBuilder _result = new();
    private readonly bool _isMultiline;
    private string _reason = "";
    private int _position;
    private bool _inClass;
    private int _firstMember;
    private int _rangeSign = -1;

    private PatternTranslation(string pattern)
    {
        _pattern = pattern;
        _isMultiline = pattern.StartsWith("(?m)", StringComparison.Ordinal);
    }

    public static bool TryTranslate(string pattern, out string translated, out string reason)
    {
        var translation = new PatternTranslation(pattern);
        while (translation._position < pattern.Length && translation._reason.Length == 0)
        {
            translation.Step();
        }

        translated = translation._result.ToString();
        reason = translation._reason;
        return reason.Length == 0;
    }

    private void Step()
    {
        var c = _pattern[_position];
        if (c == '\\')
        {
            Escape();
        }
        else if (_inClass)
        {
            ClassMember(c);
        }
        else if (c == '[')
        {
            OpenClass();
        }
        else if (c == '$')
        {
            Emit(_isMultiline ? "$" : "\\z", 1);
        }
        else if (c == '(' && Follows("?"))
        {
            Group();
        }
        else
        {
            Emit(c.ToString(), 1);
        }
    }

    private void Escape()
    {
        if (_position + 1 >= _pattern.Length)
        {
            _reason = "the pattern ends in a backslash";
            return;
        }

        var c = _pattern[_position + 1];
        switch (c)
        {
            case 'd' or 'w' or 's' when _inClass && _rangeSign == _position - 1:
                _reason = $"'-\\{c}' is no range; put the '-' at the end of the class";
                break;
            case 'd' or 'w' or 's':
                Emit(_inClass ? Members(c) : $"[{Members(c)}]", 2);
                break;
            case 'D' or 'W' or 'S' when !_inClass:
                Emit($"[^{Members(char.ToLowerInvariant(c))}]", 2);
                break;
            case 'D' or 'W' or 'S':
                _reason = $"'\\{c}' inside a class is not supported; list the characters";
                break;
            case 'Z' or 'G' or 'k' or 'K' or 'C' or 'Q' or 'E' or 'X':
                _reason = $"'\\{c}' is not supported";
                break;
            case 'z' or 'A' or 'b' or 'B' when _inClass:
                _reason = $"'\\{c}' has no meaning inside a class";
                break;
            case >= '0' and <= '9':
                _reason = "back-references and octal escapes are not supported";
                break;
            default:
                Emit(_pattern.Substring(_position, 2), 2);
                break;
        }
    }

    private void OpenClass()
    {
        _inClass = true;
        var length = Follows("^") ? 2 : 1;
        _firstMember = _position + length;

        // A bracket directly after the opening stands for itself in both dialects.
        if (_position + length < _pattern.Length && _pattern[_position + length] == ']')
        {
            Emit(string.Concat(_pattern.AsSpan(_position, length), "\\]"), length + 1);
            return;
        }

        Emit(_pattern.Substring(_position, length), length);
    }

    private void ClassMember(char c)
    {
        if (c == '[')
        {
            if (Follows(":"))
            {
                _reason = "POSIX classes such as [[:alpha:]] are not supported; list the characters";
                return;
            }

            // .NET would read -[ as the start of a class subtraction, which RE2 does not know.
            Emit("\\[", 1);
            return;
        }

        _inClass = c != ']';
        _rangeSign = c == '-' && _position > _firstMember ? _position : -1;
        Emit(c.ToString(), 1);
    }

    private void Group()
    {
        if (Follows("?P<"))
        {
            Emit("(?<", 4);
            return;
        }

        var flags = _position + 2;
        while (flags < _pattern.Length && _pattern[flags] is 'i' or 'm' or 's' or '-')
        {
            flags++;
        }

        if (flags < _pattern.Length && (_pattern[flags] is ':' or ')' || Follows("?<")))
        {
            if (_pattern.AsSpan(_position, flags - _position).Contains('m') && !(_isMultiline && _position == 0))
            {
                _reason = "the flag m is supported only as (?m) at the start of the pattern";
                return;
            }

            Emit(_pattern[_position..flags], flags - _position);
            return;
        }

        _reason = "only the groups (...), (?:...), (?P<name>...), (?<name>...) and the flags i, s, m are supported";
    }

    private bool Follows(string text) =>
        string.CompareOrdinal(_pattern, _position + 1, text, 0, text.Length) == 0;

    private void Emit(string text, int consumed)
    {
        _result.Append(text);
        _position += consumed;
    }

    /// <summary>
    /// Each ends in a range, so that a '-' after it stands for itself, as in RE2, and makes no range of its own.
    /// </summary>
    private static string Members(char c) => c switch
    {
        'd' => "0-9",
        'w' => "_0-9A-Za-z",
        _ => " \\t\\n\\f-\\r",
    };
}
