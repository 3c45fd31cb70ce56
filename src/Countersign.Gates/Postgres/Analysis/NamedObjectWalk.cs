using System.Collections.Frozen;
using System.Collections.Immutable;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>What a utility statement does to the objects that it names.</summary>
internal sealed class NamedObjectWalk(CatalogFacts facts, CommandEffect utility, ImmutableArray<NamedObject> named)
{
    /// <summary>Dependents that are told one by one.</summary>
    public const int MostDependents = 200;

    /// <summary>
    /// Commands that do nothing which depends on values. Any other may check them, convert them, or make a name stand
    /// for something else.
    /// </summary>
    private static readonly FrozenSet<string> s_valueless = FrozenSet.Create(
        StringComparer.Ordinal, "TRUNCATE", "LOCK", "DROP", "ANALYZE", "VACUUM", "COMMENT", "GRANT", "REVOKE");

    private readonly EffectsBuilder _effects = new();

    /// <summary>The lock that every SELECT takes harms nobody; pg_dump takes it by name.</summary>
    private bool LocksLikeReading => utility is { Verb: "LOCK", Lock: "ACCESS SHARE" };

    public Effects Effects()
    {
        var walk = new StatementWalk(facts, _effects);
        _effects.AddVerb(LocksLikeReading ? "SELECT" : utility.Verb);
        foreach (var one in named.Where(one => one.IsRelation))
        {
            Relation(one, walk);
        }

        return _effects.Build() with
        {
            DeferredCode = utility.DeferredCode,
            NeedsOwner = utility.Verb is not ("TRUNCATE" or "LOCK"),
            Dependents = Dependents(),
            Catalog = facts.Fingerprint(string.Join(' ', named.Select(one => $"{one.Named.Name} {one.Oid}"))),
        };
    }

    private void Relation(NamedObject one, StatementWalk walk)
    {
        // What is not there yet is made, or the server says that it is missing.
        var relation = one.Oid is { } oid
            ? facts.Relation(oid)
            : new RelationFacts(0, one.Schema, one.Named.Name, 'r');
        if (relation is null)
        {
            return;
        }

        if (LocksLikeReading)
        {
            _effects.AddRead(relation);
            _effects.AddRights(relation, RelationRights.Select);
            return;
        }

        if (utility.Lock is { } mode && one.Oid is not null)
        {
            _effects.AddLock(mode, relation);
        }

        if (utility.Verb == "LOCK")
        {
            _effects.Impure("It locks tables.");
            // More than the weaker ones take, and what each of them is content with.
            _effects.AddRights(relation, RelationRights.Update);
            return;
        }

        _effects.AddWrite(relation);
        if (one.Oid is { } changed && !s_valueless.Contains(utility.Verb))
        {
            new Decisions(facts, _effects).Columns(changed, [0]);
        }

        if (one.Oid is not null && utility.Verb == "TRUNCATE")
        {
            walk.Truncate(relation, utility.Cascades);
        }

        if (relation.Kind == 'm' && utility.Verb == "REFRESH" && walk.View(relation) is { } query)
        {
            walk.Query(query, Standing.Owner);
        }

        if (utility.Cascades && utility.Verb != "TRUNCATE")
        {
            foreach (var dependent in one.DependentRelations.Select(facts.Relation).OfType<RelationFacts>())
            {
                _effects.AddWrite(dependent);
            }
        }
    }

    private ImmutableArray<string> Dependents()
    {
        if (!utility.Cascades || utility.Verb == "TRUNCATE")
        {
            return [];
        }

        var all = named.SelectMany(one => one.Dependents).Distinct().ToList();
        return all.Count <= MostDependents
            ? [.. all]
            : [.. all.Take(MostDependents), $"and {all.Count - MostDependents} more"];
    }
}
