using System.Collections.Frozen;

namespace Countersign.Gates.Postgres.Statements;

/// <summary>
/// The settings of a session that change what a text means. They are part of an action's digest and of the key under
/// which an analysis is kept. <c>client_encoding</c> and <c>standard_conforming_strings</c> are pinned instead.
/// </summary>
internal sealed record Meaning(
    string SearchPath, string DateStyle, string IntervalStyle, string TimeZone, bool RowSecurity)
{
    /// <summary>The names of one zone, of which installations choose different ones.</summary>
    private static readonly FrozenSet<string> s_utc = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "UTC", "Etc/UTC", "UCT", "Etc/UCT", "Universal", "Etc/Universal", "Zulu", "Etc/Zulu");

    /// <summary>
    /// What a session usually has that changed nothing. It is the same for all servers: were it what a server has by
    /// default, another default would change what an approved text means, and not its digest.
    /// </summary>
    public static Meaning Usual { get; } = new("public", "ISO, MDY", "postgres", "UTC", RowSecurity: true);

    public string TimeZone { get; init; } = s_utc.Contains(TimeZone) ? "UTC" : TimeZone;
}
