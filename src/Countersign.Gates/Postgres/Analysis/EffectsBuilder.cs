using System.Collections.Immutable;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>Effects while they are being found.</summary>
internal sealed class EffectsBuilder
{
    private readonly SortedSet<string> _verbs = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _reads = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _writes = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _columns = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _functions = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _locks = new(StringComparer.Ordinal);
    private readonly SortedDictionary<uint, RelationUse> _rights = [];
    private readonly List<SettingChange> _settings = [];
    private SourceSet _deciding = SourceSet.None;
    private SourceSet _announced = SourceSet.None;
    private string? _impure;
    private bool _hasUnseenCode;
    private string? _refused;

    public bool NoWhere { get; set; }

    public bool IsValueSensitive { get; set; }

    public void AddVerb(string verb) => _verbs.Add(verb);

    public void AddRead(RelationFacts relation) => _reads.Add(relation.Name.Text);

    public void AddWrite(RelationFacts relation) => _writes.Add(relation.Name.Text);

    public void AddColumn(RelationFacts relation, int attribute) => _columns.Add(relation.Column(attribute));

    public void AddFunction(string name) => _functions.Add(name);

    public void AddLock(string mode, RelationFacts relation) => _locks.Add($"{mode} {relation.Name}");

    public void AddSetting(SettingChange change)
    {
        if (!_settings.Contains(change))
        {
            _settings.Add(change);
        }
    }

    public void AddRights(RelationFacts relation, RelationRights rights) =>
        _rights[relation.Oid] = new RelationUse(
            relation.Oid, relation.Name, rights | _rights.GetValueOrDefault(relation.Oid).Rights);

    public void AddDeciding(SourceSet columns) => _deciding = _deciding.With(columns);

    /// <summary>Code that nobody analyses may use any column for anything.</summary>
    public void AddUnclearDecision() => AddDeciding(SourceSet.None with { IsUnclear = true });

    public void AddAnnounced(SourceSet columns) => _announced = _announced.With(columns);

    /// <summary>The first reason is told; one is enough to hold the statement.</summary>
    public void Impure(string why) => _impure ??= why;

    /// <summary>It runs code that is not analysed.</summary>
    public void UnseenCode(string why)
    {
        Impure(why);
        AddUnclearDecision();
        _hasUnseenCode = true;
    }

    public void Refuse(string why) => _refused ??= why;

    public Effects Build() => new()
    {
        Verbs = Sorted(_verbs),
        Reads = Sorted(_reads),
        Writes = Sorted(_writes),
        Columns = Sorted(_columns),
        Functions = Sorted(_functions),
        Locks = Sorted(_locks),
        NoWhere = NoWhere,
        Impure = _impure,
        HasUnseenCode = _hasUnseenCode,
        Refused = _refused,
        Rights = [.. _rights.Values],
        Settings = [.. _settings],
        Deciding = _deciding,
        Announced = _announced,
        IsValueSensitive = IsValueSensitive,
    };

    private static ImmutableSortedSet<string> Sorted(SortedSet<string> items) =>
        items.ToImmutableSortedSet(StringComparer.Ordinal);
}
