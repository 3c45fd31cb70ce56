using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>What happens beside it when a relation is written.</summary>
internal sealed record WriteFacts
{
    public ImmutableArray<TriggerFacts> Triggers { get; init; } = [];

    /// <summary>Defaults and generated columns.</summary>
    public ImmutableArray<DefaultFacts> Defaults { get; init; } = [];

    /// <summary>Foreign keys of other relations that point at this one.</summary>
    public ImmutableArray<ForeignKeyFacts> PointedAtBy { get; init; } = [];

    /// <summary>Relations that this one's foreign keys point at.</summary>
    public ImmutableArray<uint> PointsAt { get; init; } = [];

    /// <summary>Foreign keys that it has itself.</summary>
    public ImmutableArray<ForeignKeyFacts> Keys { get; init; } = [];

    /// <summary>Columns that must not repeat together; 0 stands for an expression or a condition.</summary>
    public ImmutableArray<ImmutableArray<short>> UniqueKeys { get; init; } = [];

    /// <summary>Expressions of its CHECKs, indexes and partition key, evaluated at every write.</summary>
    public ImmutableArray<string> Expressions { get; init; } = [];

    /// <summary>Sequences that belong to its columns.</summary>
    public ImmutableArray<uint> OwnSequences { get; init; } = [];

    public string Definition { get; init; } = "";
}

/// <summary>A trigger that is not one of the server's own for foreign keys.</summary>
internal sealed record TriggerFacts(string Name, uint Function, TriggerEvents Events, ImmutableArray<short> Columns)
{
    public bool IsInsteadOf => (Events & TriggerEvents.InsteadOf) != 0;

    /// <summary>Whether it may put other values into a row before that is written.</summary>
    public bool ChangesRows =>
        (Events & (TriggerEvents.Before | TriggerEvents.InsteadOf)) != 0 && (Events & TriggerEvents.Row) != 0;
}

/// <summary>Bits of <c>pg_trigger.tgtype</c>.</summary>
[Flags]
internal enum TriggerEvents
{
    None = 0,
    Row = 1,
    Before = 2,
    Insert = 4,
    Delete = 8,
    Update = 16,
    Truncate = 32,
    InsteadOf = 64,
}

internal sealed record DefaultFacts(short Column, string Expression, bool IsGenerated);

/// <summary>A foreign key as the relation that it points at sees it.</summary>
/// <param name="From">The relation that has it.</param>
/// <param name="FromColumns">Its columns there.</param>
/// <param name="ToColumns">The columns that they point at.</param>
/// <param name="OnDelete">
/// <c>a</c> no action, <c>r</c> restrict, <c>c</c> cascade, <c>n</c> null, <c>d</c> default.
/// </param>
/// <param name="OnUpdate">The same for an update of those columns.</param>
internal sealed record ForeignKeyFacts(
    uint From, ImmutableArray<short> FromColumns, ImmutableArray<short> ToColumns, char OnDelete, char OnUpdate)
{
    /// <summary>The relation that it points at.</summary>
    public uint To { get; init; }
}
