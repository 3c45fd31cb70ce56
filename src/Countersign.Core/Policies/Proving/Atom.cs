using System.Diagnostics;

namespace Countersign.Core.Policies.Proving;

/// <summary>
/// A question that one action answers with yes or no, as conditions ask it. Atoms that exclude or imply each other are
/// told apart by kind; everything else is <see cref="Opaque"/> and may be anything.
/// </summary>
internal abstract record Atom
{
    private Atom()
    {
    }

    public sealed override string ToString() => this switch
    {
        Equal equal => $"{equal.Term} == {Quoted(equal.Value)}",
        Contains contains => $"{Quoted(contains.Value)} in {contains.List}",
        Below below => $"{below.Term} < {below.Bound}",
        Opaque opaque => opaque.Text,
        _ => throw new UnreachableException(),
    };

    private static string Quoted(string text) => $"\"{text}\"";

    /// <summary>The term is that text. A term is at most one text at a time.</summary>
    public sealed record Equal(string Term, string Value) : Atom;

    /// <summary>The list holds that text.</summary>
    public sealed record Contains(string List, string Value) : Atom;

    /// <summary>The whole number is smaller than the bound, and so smaller than every greater bound.</summary>
    public sealed record Below(string Term, long Bound) : Atom;

    /// <summary>A condition whose inside is not looked at; the same text has the same answer.</summary>
    public sealed record Opaque(string Text) : Atom;
}
