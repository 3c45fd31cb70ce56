using System.Collections.Frozen;

namespace Countersign.Core.Policies.Cel.Parsing;

/// <summary>Words with a meaning of their own (langdef, "Syntax").</summary>
internal static class Words
{
    private static readonly FrozenSet<string> Literals = FrozenSet.Create("true", "false", "null", "in");

    private static readonly FrozenSet<string> Reserved = FrozenSet.Create(
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while");

    /// <summary>A reserved word may name a member or a method, but not a variable.</summary>
    public static bool IsReserved(string word) => Reserved.Contains(word);

    /// <summary>Whether a member of this name can be selected without back quotes.</summary>
    public static bool IsSelector(string word) => IsIdentifier(word) && !Literals.Contains(word);

    public static bool IsLiteral(string word) => Literals.Contains(word);

    public static bool IsStart(char c) => char.IsAsciiLetter(c) || c == '_';

    public static bool IsPart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool IsIdentifier(string word)
    {
        if (word.Length == 0 || !IsStart(word[0]))
        {
            return false;
        }

        foreach (var c in word)
        {
            if (!IsPart(c))
            {
                return false;
            }
        }

        return true;
    }
}
