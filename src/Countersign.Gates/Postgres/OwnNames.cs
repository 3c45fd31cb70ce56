using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A text as the database gets it: names of prepared statements in PREPARE, EXECUTE and DEALLOCATE are replaced by the
/// gate's own, so that a name can only lead to what was looked at.
/// </summary>
/// <param name="Text">The text to send.</param>
/// <param name="Executes">The statements that it executes.</param>
/// <param name="Refusal">Why it cannot be sent: there is no such statement.</param>
internal sealed record OwnNames(string Text, ImmutableArray<Prepared> Executes, Refusal? Refusal)
{
    /// <param name="text">As the client sent it.</param>
    /// <param name="reading">What it is.</param>
    /// <param name="names">The session's statements.</param>
    /// <param name="newName">What a statement that it prepares is called at the database.</param>
    public static OwnNames In(string text, Reading reading, Names names, string newName)
    {
        if (reading is not Reading.Of { Statements: var statements } || !statements.Any(one => NamesOne(one.Form)))
        {
            return new OwnNames(text, [], Refusal: null);
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        using var composed = new MemoryStream();
        var executes = ImmutableArray.CreateBuilder<Prepared>();
        var at = 0;
        foreach (var (name, place, isNew) in statements.SelectMany(statement => PlacesIn(statement.Form)))
        {
            Prepared? statement = null;
            if (!isNew && !names.TryFind(name, out statement))
            {
                return new OwnNames(text, [], new Refusal(
                    Refusal.InvalidStatementName, $"prepared statement \"{name}\" does not exist"));
            }

            composed.Write(bytes.AsSpan(at, place.Start - at));
            composed.Write(Encoding.UTF8.GetBytes(statement?.ServerName ?? newName));
            at = place.Start + place.Length;
            if (statement is not null)
            {
                executes.Add(statement);
            }
        }

        composed.Write(bytes.AsSpan(at));
        return new OwnNames(Encoding.UTF8.GetString(composed.ToArray()), executes.ToImmutable(), Refusal: null);
    }

    /// <summary>Whether a statement names a prepared statement, whose name is replaced before it leaves.</summary>
    public static bool NamesOne(Parsed form) => PlacesIn(form).Any();

    private static IEnumerable<(string Name, TextSpan Place, bool IsNew)> PlacesIn(Parsed form) => form switch
    {
        Parsed.Execute execute => [(execute.Name, execute.NameAt, false)],
        Parsed.Prepare prepare => [(prepare.Name, prepare.NameAt, true)],
        Parsed.Deallocate { Name: { } name } deallocate => [(name, deallocate.NameAt, false)],
        Parsed.Explain explain => PlacesIn(explain.Inner),
        Parsed.Command { Effect.Inner: { } inner } => PlacesIn(inner),
        _ => [],
    };
}
