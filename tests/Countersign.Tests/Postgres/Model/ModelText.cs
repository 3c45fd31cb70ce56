using Countersign.Gates.Postgres;

namespace Countersign.Tests.Postgres.Model;

/// <summary>What a modelled database knows of texts.</summary>
internal static class ModelText
{
    public static bool IsPrepare(string text) => text.StartsWith("PREPARE ", StringComparison.Ordinal);

    public static bool IsOfSession(string text) => text is Vocabulary.Setting or "BEGIN" or "COMMIT" or "ROLLBACK"
        || text.StartsWith("DEALLOCATE ", StringComparison.Ordinal) || ModelSavepoints.IsOne(text);

    public static bool HasRows(string? text) => text?.StartsWith("SELECT", StringComparison.Ordinal) == true;

    /// <summary>The gate asks for settings, and for the number of a transaction.</summary>
    public static string?[] RowOf(string text) =>
        text == OwnStatement.Meaning.Text ? ["public", "ISO, MDY", "postgres", "UTC", "on", "f"] : ["1"];

    /// <summary>The same for the client's name of a prepared statement and for the gate's.</summary>
    public static string Unnamed(string text) => text.Split(' ', 4) switch
    {
        ["PREPARE", _, _, var prepared] => $"PREPARE {prepared}",
        ["DEALLOCATE", not "ALL"] => "DEALLOCATE",
        _ => text,
    };

    /// <summary>Whether it is a statement of the gate's own; those of clients end with a number.</summary>
    public static bool IsOwn(string statement) =>
        statement.StartsWith("countersign_", StringComparison.Ordinal) && !char.IsAsciiDigit(statement[^1]);
}
