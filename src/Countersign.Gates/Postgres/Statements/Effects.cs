using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Statements;

/// <summary>
/// What a statement does, as far as it could be understood: the facts of <c>sql</c> (DESIGN section 6.4) and what
/// running it takes. What is not known for certain makes it <see cref="Opaque"/>.
/// </summary>
internal sealed record Effects
{
    private static readonly ImmutableSortedSet<string> s_none =
        ImmutableSortedSet<string>.Empty.WithComparer(StringComparer.Ordinal);

    /// <summary>Verbs that change nothing by themselves.</summary>
    private static readonly ImmutableHashSet<string> s_reading = ["SELECT", "EXPLAIN", "SHOW", "FETCH", "COPY TO"];

    public static Effects None { get; } = new();

    /// <summary>
    /// Every command in it, in capitals and wherever it stands (<c>SELECT</c>, <c>DELETE</c>, <c>CREATE TABLE</c>'s
    /// <c>CREATE</c>, <c>COPY TO</c>); of cascades and rules too.
    /// </summary>
    public ImmutableSortedSet<string> Verbs { get; init; } = s_none;

    /// <summary>Relations whose rows it reads, through views too.</summary>
    public ImmutableSortedSet<string> Reads { get; init; } = s_none;

    /// <summary>Relations that it changes; by cascades, triggers and rules too.</summary>
    public ImmutableSortedSet<string> Writes { get; init; } = s_none;

    /// <summary>Stored columns that it reads or changes, as <c>schema.relation.column</c>.</summary>
    public ImmutableSortedSet<string> Columns { get; init; } = s_none;

    /// <summary>Functions that it calls; <c>pg_catalog</c> is left out of built-in ones' names.</summary>
    public ImmutableSortedSet<string> Functions { get; init; } = s_none;

    /// <summary>Locks beyond plain reading, as <c>ROW EXCLUSIVE public.orders</c>.</summary>
    public ImmutableSortedSet<string> Locks { get; init; } = s_none;

    /// <summary>Whether an UPDATE or DELETE in it names no condition.</summary>
    public bool NoWhere { get; init; }

    /// <summary>Whether it leaves code that runs later: a trigger, rule, policy, function, default, index.</summary>
    public bool DeferredCode { get; init; }

    /// <summary>Why it cannot be known to only read, although its verbs say so; <c>null</c> when it can.</summary>
    public string? Impure { get; init; }

    /// <summary>
    /// Whether code runs in it that nobody analyses, so that it may change more than is said here. For a policy it is
    /// as good as not understood.
    /// </summary>
    public bool HasUnseenCode { get; init; }

    /// <summary>Why it was not understood; <c>null</c> when it was. Never passed without people.</summary>
    public string? Opaque { get; init; }

    /// <summary>Why it never runs through this gate, whatever the policy says; <c>null</c> otherwise.</summary>
    public string? Refused { get; init; }

    /// <summary>What it needs to be allowed to do where.</summary>
    public ImmutableArray<RelationUse> Rights { get; init; } = [];

    /// <summary>Whether it takes the rights of the target's owner role, as DDL does.</summary>
    public bool NeedsOwner { get; init; }

    /// <summary>What goes along when something is dropped with CASCADE, as the server describes it.</summary>
    public ImmutableArray<string> Dependents { get; init; } = [];

    /// <summary>Settings of the session that it changes by a call of <c>set_config</c>.</summary>
    public ImmutableArray<SettingChange> Settings { get; init; } = [];

    /// <summary>Provenance of its result's columns; empty when it returns no rows or nobody knows.</summary>
    public ImmutableArray<OutputColumn> Output { get; init; } = [];

    /// <summary>
    /// Rows may come, and where any of their values come from nobody knows: what is not understood, SHOW of a text.
    /// </summary>
    public bool HasUnclearOutput
    {
        get => field || Opaque is not null;
        init;
    }

    /// <summary>
    /// Stored columns that decide something: which rows there are and in which order, whether it fails, what it writes
    /// or hands to code. That is every use but plain passing on to the result, which can be masked there.
    /// </summary>
    public SourceSet Deciding { get; init; } = SourceSet.None;

    /// <summary>Stored columns whose values it tells other sessions, by <c>pg_notify</c>.</summary>
    public SourceSet Announced { get; init; } = SourceSet.None;

    /// <summary>
    /// Hash of the definitions that it depends on: relations, triggers, rules, functions. Another one means that what
    /// was approved would do something else now.
    /// </summary>
    public string? Catalog { get; init; }

    /// <summary>
    /// What EXPLAIN gives instead of its result. The planner computes what it can, and what code returned stands in the
    /// plan then; functions that are not built in have their schema in their names.
    /// </summary>
    public OutputColumn Plan => new("QUERY PLAN", [], IsPlain: false)
    {
        IsUnclear = HasUnclearOutput || Functions.Any(name => name.Contains('.', StringComparison.Ordinal)),
    };

    /// <summary>Every stored column that anything in its result comes from.</summary>
    public SourceSet Sources => new(
        [.. Output.SelectMany(column => column.Sources)],
        HasUnclearOutput || Output.Any(column => column.IsUnclear));

    /// <summary>Whether constants in it decide what it does, so that its shape says too little.</summary>
    public bool IsValueSensitive { get; init; }

    /// <summary>Understood, and changes nothing. What has no verb was not looked at, or is about the session.</summary>
    public bool IsReadOnly =>
        !Verbs.IsEmpty && Opaque is null && Refused is null && Impure is null
        && Writes.IsEmpty && Locks.IsEmpty && !DeferredCode && !NeedsOwner
        && Verbs.All(s_reading.Contains);

    /// <summary>What two statements do that run one after the other; the result's columns are the latter's.</summary>
    public Effects Then(Effects next) => new()
    {
        Verbs = Verbs.Union(next.Verbs),
        Reads = Reads.Union(next.Reads),
        Writes = Writes.Union(next.Writes),
        Columns = Columns.Union(next.Columns),
        Functions = Functions.Union(next.Functions),
        Locks = Locks.Union(next.Locks),
        NoWhere = NoWhere || next.NoWhere,
        DeferredCode = DeferredCode || next.DeferredCode,
        Impure = Impure ?? next.Impure,
        HasUnseenCode = HasUnseenCode || next.HasUnseenCode,
        Opaque = Opaque ?? next.Opaque,
        Refused = Refused ?? next.Refused,
        Rights = Merge(Rights, next.Rights),
        NeedsOwner = NeedsOwner || next.NeedsOwner,
        Dependents = [.. Dependents.Concat(next.Dependents).Distinct()],
        Settings = [.. Settings.Concat(next.Settings).Distinct()],
        Output = next.Output,
        HasUnclearOutput = HasUnclearOutput || next.HasUnclearOutput,
        Deciding = Deciding.With(next.Deciding),
        Announced = Announced.With(next.Announced),
        Catalog = Catalog is null || next.Catalog is null ? Catalog ?? next.Catalog : $"{Catalog}+{next.Catalog}",
        IsValueSensitive = IsValueSensitive || next.IsValueSensitive,
    };

    private static ImmutableArray<RelationUse> Merge(
        ImmutableArray<RelationUse> one, ImmutableArray<RelationUse> two) =>
    [
        .. one.Concat(two)
            .GroupBy(use => use.Oid)
            .Select(uses => uses.First() with
            {
                Rights = uses.Aggregate(RelationRights.None, (all, use) => all | use.Rights),
            }),
    ];
}
