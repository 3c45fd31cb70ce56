using System.Collections.Immutable;

namespace Countersign.Gates.Hooks;

/// <summary>
/// A command line as far as it is certain what a POSIX shell would run: one program with its words. Whatever else a
/// shell knows (operators, expansions, redirections, assignments, globs, reserved words, several lines) is not read at
/// all. It is for reports and for rules that ask; an alias or a function of that name may still run something else, and
/// an interpreter takes a program as a word, so that nobody may trust it (THR-078).
/// </summary>
/// <param name="Program">The first word.</param>
/// <param name="Words">The words after it.</param>
internal sealed record ShellCommand(string Program, ImmutableArray<string> Words)
{
    /// <summary>A longer one is not read.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>
    /// Words that are no program, or after which the next word is one: what runs is not the first word.
    /// </summary>
    private static readonly ImmutableHashSet<string> s_reserved =
    [
        "!", "[[", "]]", "{", "}", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function",
        "if", "in", "select", "then", "time", "until", "while", ".", "alias", "builtin", "command", "eval", "exec",
        "source", "trap", "env", "sudo", "nohup", "xargs", "nice", "timeout",
    ];

    /// <summary>Reads one simple command; <c>null</c> when it is anything else.</summary>
    public static ShellCommand? TryParse(string text)
    {
        if (text.Length > MaxLength || SplitWords(text) is not { Count: > 0 } words || s_reserved.Contains(words[0]))
        {
            return null;
        }

        return words[0].Length == 0 ? null : new ShellCommand(words[0], [.. words.Skip(1)]);
    }

    private static List<string>? SplitWords(string text)
    {
        var words = new List<string>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && text[at] is ' ' or '\t')
            {
                at++;
            }

            if (at == text.Length)
            {
                return words;
            }

            if (ReadWord(text, ref at, isFirst: words.Count == 0) is not { } word)
            {
                return null;
            }

            words.Add(word);
        }
    }

    private static string? ReadWord(string text, ref int at, bool isFirst)
    {
        var word = new System.Text.StringBuilder();
        while (at < text.Length && text[at] is not (' ' or '\t'))
        {
            var letter = text[at++];
            var part = letter switch
            {
                '\'' => ReadQuoted(text, ref at, '\''),
                '"' => ReadQuoted(text, ref at, '"'),
                _ => IsPlain(letter, mayBeEquals: !isFirst && word.Length > 0) ? letter.ToString() : null,
            };
            if (part is null)
            {
                return null;
            }

            word.Append(part);
        }

        return word.ToString();
    }

    /// <summary>The text up to the closing quote; nothing in it may mean anything to a shell.</summary>
    private static string? ReadQuoted(string text, ref int at, char quote)
    {
        var end = text.IndexOf(quote, at);
        if (end < 0)
        {
            return null;
        }

        var inner = text[at..end];
        at = end + 1;
        var isLiteral = quote == '\'' || inner.AsSpan().IndexOfAny("$`\\!") < 0;
        return isLiteral && !inner.Any(char.IsControl) ? inner : null;
    }

    /// <summary>
    /// Letters that stand for themselves outside of quotes. An equals sign in the first word may be an assignment, and
    /// at the beginning of another one zsh replaces what follows.
    /// </summary>
    private static bool IsPlain(char letter, bool mayBeEquals) =>
        char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.' or '/' or ':' or ',' or '@' or '%' or '+'
        || (letter == '=' && mayBeEquals);
}
