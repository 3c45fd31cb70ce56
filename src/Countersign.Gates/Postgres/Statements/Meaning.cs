namespace Countersign.Gates.Postgres.Statements;

/// <summary>
/// The settings of a session that change what a text means. They are part of an action's digest and of the key under
/// which an analysis is kept. <c>client_encoding</c> and <c>standard_conforming_strings</c> are pinned instead.
/// </summary>
internal sealed record Meaning(
    string SearchPath, string DateStyle, string IntervalStyle, string TimeZone, bool RowSecurity)
{
    /// <summary>What a session has that changed nothing, on a server with its usual settings.</summary>
    public static Meaning Usual { get; } = new("\"$user\", public", "ISO, MDY", "postgres", "UTC", RowSecurity: true);
}
