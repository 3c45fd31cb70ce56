using Countersign.Core.Records;

namespace Countersign.Server.Console.Views;

/// <summary>
/// Why approving an action takes more than a press, so that no habit approves it: what a person types or confirms
/// grows with what is at stake.
/// </summary>
/// <param name="Sentence">The reason.</param>
/// <param name="Question">The same, where a channel asks back.</param>
internal sealed record Gravity(string Sentence, string Question)
{
    private static readonly Gravity s_final = new("This cannot be undone.", "Approve what cannot be undone?");

    private static readonly Gravity s_opaque =
        new("Nobody can say what this statement does.", "Approve what nobody can see into?");

    /// <summary>
    /// <c>null</c> when a press is enough. A command of a coding agent is always opaque, and there are hundreds a day:
    /// asked for each, a name would be typed out of habit. A statement that PostgreSQL's gate cannot see into is rare.
    /// </summary>
    public static Gravity? Of(ActionRecord record) => record.Preview?.Reversible switch
    {
        false => s_final,
        null when record.Facts.Variable == "sql"
            && record.Facts.Members.GetValueOrDefault("opaque") is true => s_opaque,
        _ => null,
    };
}
