using System.Collections.Frozen;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>
/// Errors of PostgreSQL by their SQLSTATE (PostgreSQL manual, "PostgreSQL Error Codes"): of which the words cannot hold
/// a value of a row, and what the others are called.
/// </summary>
internal static class KnownErrors
{
    /// <summary>Classes of errors about connections, resources, transactions and limits.</summary>
    private static readonly FrozenSet<string> s_harmlessClasses =
        FrozenSet.Create(StringComparer.Ordinal, "08", "24", "25", "26", "34", "3B", "40", "53", "57", "58");

    private static readonly FrozenSet<string> s_harmless = FrozenSet.Create(
        StringComparer.Ordinal,
        "2BP01", "2D000", "42501", "54001", "54023", "55000", "55006", "55P02", "55P03", "55P04");

    /// <summary>Classes of errors that a statement about names alone ends with.</summary>
    private static readonly FrozenSet<string> s_aboutNames =
        FrozenSet.Create(StringComparer.Ordinal, "0A", "0L", "0P", "28", "2B", "3D", "3F", "42", "54", "55");

    /// <summary>
    /// Those that code may raise under their own number, because clients act on it. With any other one code could tell
    /// five characters of a value.
    /// </summary>
    private static readonly FrozenDictionary<string, string> s_names = new Dictionary<string, string>
    {
        ["0A000"] = "feature not supported",
        ["21000"] = "cardinality violation",
        ["22000"] = "data exception",
        ["22001"] = "string data right truncation",
        ["22003"] = "numeric value out of range",
        ["22004"] = "null value not allowed",
        ["22007"] = "invalid datetime format",
        ["22008"] = "datetime field overflow",
        ["22011"] = "substring error",
        ["22012"] = "division by zero",
        ["22021"] = "character not in repertoire",
        ["22023"] = "invalid parameter value",
        ["22025"] = "invalid escape sequence",
        ["22026"] = "string data length mismatch",
        ["22030"] = "duplicate JSON object key value",
        ["22032"] = "invalid JSON text",
        ["2201B"] = "invalid regular expression",
        ["2201E"] = "invalid argument for logarithm",
        ["2201F"] = "invalid argument for power function",
        ["2201W"] = "invalid row count in LIMIT clause",
        ["2201X"] = "invalid row count in OFFSET clause",
        ["2202E"] = "array subscript error",
        ["22P02"] = "invalid text representation",
        ["22P03"] = "invalid binary representation",
        ["22P04"] = "bad COPY file format",
        ["22P05"] = "untranslatable character",
        ["23000"] = "integrity constraint violation",
        ["23001"] = "restrict violation",
        ["23502"] = "not-null violation",
        ["23503"] = "foreign key violation",
        ["23505"] = "unique violation",
        ["23514"] = "check violation",
        ["23P01"] = "exclusion violation",
        ["27000"] = "triggered data change violation",
        ["40001"] = "serialization failure",
        ["40P01"] = "deadlock detected",
        ["42501"] = "insufficient privilege",
        ["42601"] = "syntax error",
        ["42602"] = "invalid name",
        ["42703"] = "undefined column",
        ["42704"] = "undefined object",
        ["42804"] = "datatype mismatch",
        ["42883"] = "undefined function",
        ["42P01"] = "undefined table",
        ["44000"] = "WITH CHECK OPTION violation",
        ["54000"] = "program limit exceeded",
        ["55P03"] = "lock not available",
        ["57014"] = "query canceled",
        ["P0001"] = "raised by code",
        ["P0002"] = "no data found",
        ["P0003"] = "too many rows",
        ["P0004"] = "assertion failed",
        ["XX000"] = "internal error",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public const string RaisedByCode = "P0001";

    /// <summary>Whether its words are the same whatever the rows hold.</summary>
    public static bool IsHarmless(string code) =>
        s_harmlessClasses.Contains(ClassOf(code)) || s_harmless.Contains(code);

    public static bool IsAboutNames(string code) => s_aboutNames.Contains(ClassOf(code));

    /// <summary>Whether its message names a constraint, and its detail the values that it does not take.</summary>
    public static bool IsConstraint(string code) => ClassOf(code) == "23";

    /// <summary>What it is called, without anything about this one.</summary>
    public static string NameOf(string code) => s_names.GetValueOrDefault(code, "error");

    public static bool IsNamed(string code) => s_names.ContainsKey(code);

    private static string ClassOf(string code) => code.Length < 2 ? "" : code[..2];
}
