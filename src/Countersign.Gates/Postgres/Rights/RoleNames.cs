using System.Globalization;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// What the roles made for one database are called. Roles belong to the whole server and relations' OIDs to one
/// database, so the database's own OID is part of each name.
/// </summary>
internal sealed class RoleNames(long database)
{
    /// <summary>Every role that Countersign makes, for any database.</summary>
    public const string Prefix = "countersign_";

    /// <summary>The right to draw from a sequence, which no other relation has.</summary>
    public const string OfSequences = "USAGE";

    /// <summary>The rights that a role is made for, as <c>GRANT</c> spells them.</summary>
    private static readonly (RelationRights Right, string Verb)[] s_verbs =
    [
        (RelationRights.Select, "SELECT"),
        (RelationRights.Insert, "INSERT"),
        (RelationRights.Update, "UPDATE"),
        (RelationRights.Delete, "DELETE"),
        (RelationRights.Truncate, "TRUNCATE"),
        (RelationRights.Usage, OfSequences),
    ];

    /// <summary>The comment on each role; a role without it was made by somebody else and is left alone.</summary>
    public string Mark { get; } = $"Made by Countersign for the database with OID {database}; do not alter it.";

    public string AgentPrefix { get; } = $"{Prefix}agent_{database}_";

    public string RelationPrefix { get; } = $"{Prefix}{database}_";

    public RoleName Agent(int number) => new($"{AgentPrefix}{number}");

    public RoleName Relation(long oid, string verb) => new($"{RelationPrefix}{oid}_{verb.ToLowerInvariant()}");

    /// <summary>The relation that one of our roles stands for; 0, which is no relation's, when it has none.</summary>
    public long OidIn(string role) =>
        long.TryParse(
            role.AsSpan(RelationPrefix.Length, Math.Max(0, role.LastIndexOf('_') - RelationPrefix.Length)),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var oid)
            ? oid
            : 0;

    public static IEnumerable<string> VerbsOf(RelationRights rights) =>
        s_verbs.Where(verb => rights.HasFlag(verb.Right)).Select(verb => verb.Verb);
}
