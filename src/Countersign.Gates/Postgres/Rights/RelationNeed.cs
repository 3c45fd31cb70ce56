using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>One verb on one relation, and the state of the role that stands for it.</summary>
/// <param name="Relation">Its OID.</param>
/// <param name="Name">Its qualified name now, quoted as SQL takes it.</param>
internal sealed record RelationNeed(long Relation, string Verb, string Name, RoleName Role)
{
    public required string Schema { get; init; }

    /// <summary>Those that its defaults draw from, when rows are to be inserted.</summary>
    public required ImmutableArray<string> Sequences { get; init; }

    /// <summary>Whether every session may do this without a grant.</summary>
    public required bool IsHeld { get; init; }

    public required bool Exists { get; init; }

    /// <summary>Whether the role is ours and stands for nothing else.</summary>
    public required bool IsExact { get; init; }

    public required bool HasRelation { get; init; }

    public required bool HasSchema { get; init; }

    public required bool HasSequences { get; init; }

    public bool IsReady => Exists && IsExact && HasRelation && HasSchema && HasSequences;
}
