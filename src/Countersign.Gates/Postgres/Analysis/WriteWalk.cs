using System.Collections.Immutable;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// What else happens when a relation is written: rules and triggers fire, defaults and checks are evaluated, foreign
/// keys cascade, children and the relations behind a view are written in its stead.
/// </summary>
internal sealed class WriteWalk(
    CatalogFacts facts, EffectsBuilder effects, StatementWalk walk, CallWalk calls, Decisions decisions)
{
    private readonly WriteDecisions _decisions = new(facts, decisions);
    private readonly HashSet<(uint Relation, string Verb, string Columns)> _seen = [];

    /// <summary>A query's target.</summary>
    /// <param name="query">The query.</param>
    /// <param name="entry">Its target.</param>
    /// <param name="usesDefaults">Whether the word DEFAULT stands in it.</param>
    /// <param name="standing">Whose rights it runs with.</param>
    public void Target(QueryTree query, RangeEntry entry, bool usesDefaults, Standing standing)
    {
        foreach (var command in Commands(query))
        {
            var columns = command switch
            {
                Verb.Insert => entry.Inserted.Select(column => (short)column),
                Verb.Update => entry.Updated.Select(column => (short)column),
                _ => [],
            };
            Write(new Change(
                entry.Relation, command, [.. columns], usesDefaults, IsAlone: !entry.IsInherited), standing);
        }
    }

    /// <summary>TRUNCATE … CASCADE needs the right on everything that it empties.</summary>
    private void Truncate(uint oid)
    {
        if (facts.Relation(oid) is { } relation)
        {
            effects.AddRights(relation, RelationRights.Truncate);
        }

        Write(
            new Change(oid, Verb.Truncate, [], UsesDefaults: false, IsAlone: false) { Cascades = true },
            Standing.Caller);
    }

    private static IEnumerable<Verb> Commands(QueryTree query)
    {
        switch (query.Command)
        {
            case QueryCommand.Insert:
                yield return Verb.Insert;
                if (query.OnConflict?.Number("action") == 2)
                {
                    yield return Verb.Update;
                }

                break;
            case QueryCommand.Update:
                yield return Verb.Update;
                break;
            case QueryCommand.Delete:
                yield return Verb.Delete;
                break;
            case QueryCommand.Merge:
                foreach (var action in query.MergeActions.Select(action => action.Number("commandType")))
                {
                    if (action is >= 2 and <= 4)
                    {
                        yield return action == 2 ? Verb.Update : action == 3 ? Verb.Insert : Verb.Delete;
                    }
                }

                break;
        }
    }

    private static string NameOf(Verb verb) => verb switch
    {
        Verb.Insert => "INSERT",
        Verb.Update => "UPDATE",
        Verb.Delete => "DELETE",
        _ => "TRUNCATE",
    };

    /// <summary>What a change of a relation does, and all that follows from it.</summary>
    public void Write(Change change, Standing standing)
    {
        // Both are asked for before either is looked at: they come in one round.
        var found = facts.Relation(change.Relation);
        var write = CatalogFacts.IsBuiltIn(change.Relation) ? new WriteFacts() : facts.Write(change.Relation);
        if (!_seen.Add((change.Relation, NameOf(change.Verb), string.Join(',', change.Columns)))
            || found is not { } relation)
        {
            return;
        }

        effects.AddVerb(NameOf(change.Verb));
        effects.AddWrite(relation);
        walk.Policies(relation);
        if (relation.IsBuiltIn)
        {
            effects.Refuse($"{relation.Name} is part of the system catalog, which is not changed by hand here.");
            return;
        }

        if (write is null)
        {
            return;
        }

        Rules(relation, change.Verb);
        Triggers(relation, write, change);
        if (relation.IsView)
        {
            BehindView(relation, write, change, standing);
            return;
        }

        effects.AddLock(change.Verb == Verb.Truncate ? "ACCESS EXCLUSIVE" : "ROW EXCLUSIVE", relation);
        if (relation.Kind == 'f')
        {
            effects.Impure($"{relation.Name} is a foreign table: another server decides what writing it does.");
        }

        _decisions.Of(write, change);
        Expressions(write, change, standing);
        Cascades(write, change);
        Children(relation, change, standing);
    }

    /// <summary>Rules act with the rights of the relation's owner.</summary>
    private void Rules(RelationFacts relation, Verb verb)
    {
        foreach (var rule in relation.Rules.Where(rule => rule.Event == EventOf(verb)))
        {
            var about = Scope.Of(relation.Oid);
            walk.Expression(rule.Condition, about, Standing.Owner);
            decisions.Condition(facts.Parse(rule.Condition), about);
            foreach (var query in QueryTree.All(facts.Parse(rule.Actions)))
            {
                walk.Query(query, Standing.Owner);
            }
        }
    }

    private static char EventOf(Verb verb) => verb switch
    {
        Verb.Update => '2',
        Verb.Insert => '3',
        Verb.Delete => '4',
        _ => '-',
    };

    private void Triggers(RelationFacts relation, WriteFacts write, Change change)
    {
        var fired = change.Verb switch
        {
            Verb.Insert => TriggerEvents.Insert,
            Verb.Delete => TriggerEvents.Delete,
            Verb.Update when change.MayMoveRows =>
                TriggerEvents.Insert | TriggerEvents.Delete | TriggerEvents.Update,
            Verb.Update => TriggerEvents.Update,
            _ => TriggerEvents.Truncate,
        };
        foreach (var trigger in write.Triggers.Where(trigger => (trigger.Events & fired) != 0))
        {
            var isOfOtherColumns = change.Verb == Verb.Update && !trigger.Columns.IsEmpty && !change.IsOfAll
                && (trigger.Events & fired) == TriggerEvents.Update
                && !trigger.Columns.Intersect(change.Columns).Any();
            if (!isOfOtherColumns)
            {
                Fire(relation, trigger);
            }
        }
    }

    private void Fire(RelationFacts relation, TriggerFacts trigger)
    {
        if (!CatalogFacts.IsBuiltIn(trigger.Function))
        {
            effects.UnseenCode($"{relation.Name} has the trigger {RelationName.Quoted(trigger.Name)}, "
                + "whose code is not analysed.");
        }

        // It sees whole rows, and may keep a change from happening.
        effects.AddUnclearDecision();
        calls.Function(trigger.Function, Standing.Caller);
    }

    private void BehindView(RelationFacts view, WriteFacts write, Change change, Standing standing)
    {
        var isReplaced = write.Triggers.Any(trigger => trigger.IsInsteadOf)
            || view.Rules.Any(rule => rule.IsInstead
                && rule.Event == EventOf(change.Verb) && facts.Parse(rule.Condition) is NodeValue.Missing);
        if (isReplaced || walk.View(view) is not { } query)
        {
            return;
        }

        decisions.Query(new Scope(query, null));

        // What the server rewrites by itself has one relation in its FROM; if there are more, it refuses.
        var inner = standing with { IsChecked = standing.IsChecked && view.IsSecurityInvoker };
        foreach (var entry in query.Ranges.Where(entry =>
            entry.Kind == RangeKind.Relation && entry.Rights != RelationRights.None))
        {
            if (inner.IsChecked && facts.Relation(entry.Relation) is { } relation)
            {
                effects.AddRights(relation, RightOf(change.Verb));
            }

            var columns = change.Columns.Select(column => Behind(query, column)).ToImmutableArray();
            Write(change with { Relation = entry.Relation, Columns = columns }, inner);
        }
    }

    private static RelationRights RightOf(Verb verb) => verb switch
    {
        Verb.Insert => RelationRights.Insert,
        Verb.Update => RelationRights.Update,
        Verb.Delete => RelationRights.Delete,
        _ => RelationRights.Truncate,
    };

    /// <summary>The stored column behind a view's; 0, which stands for all, where it is none.</summary>
    private static short Behind(QueryTree query, short column) =>
        query.Target(column)?.Child("expr") is { Label: "VAR" } stored ? (short)stored.Number("varattno") : (short)0;

    private void Expressions(WriteFacts write, Change change, Standing standing)
    {
        if (change.Verb is not (Verb.Insert or Verb.Update))
        {
            return;
        }

        foreach (var expression in write.Expressions)
        {
            walk.Expression(expression, Scope.Of(change.Relation), standing);
        }

        foreach (var value in write.Defaults.Where(value => IsEvaluated(value, change)))
        {
            var drawing = standing with
            {
                OwnSequences = write.OwnSequences, IsInserting = change.Verb is Verb.Insert,
            };
            walk.Expression(value.Expression, Scope.Of(change.Relation), drawing);
        }
    }

    private static bool IsEvaluated(DefaultFacts value, Change change) =>
        value.IsGenerated
        || change.UsesDefaults
        || (change.Verb == Verb.Insert && !change.Columns.Contains(value.Column));

    private void Cascades(WriteFacts write, Change change)
    {
        foreach (var key in write.PointedAtBy)
        {
            if (change is { Verb: Verb.Truncate, Cascades: true })
            {
                Truncate(key.From);
                continue;
            }

            var action = change.Verb switch
            {
                Verb.Delete => key.OnDelete,
                Verb.Update when change.IsOfAll || key.ToColumns.Intersect(change.Columns).Any() => key.OnUpdate,
                _ => 'a',
            };
            if (action is 'c' or 'n' or 'd')
            {
                var isDelete = action == 'c' && change.Verb == Verb.Delete;
                Write(
                    new Change(
                        key.From, isDelete ? Verb.Delete : Verb.Update, isDelete ? [] : key.FromColumns,
                        UsesDefaults: action == 'd', IsAlone: false),
                    Standing.Definer);
            }
        }

        if (change.Verb is Verb.Insert or Verb.Update)
        {
            foreach (var parent in write.PointsAt.Select(facts.Relation).OfType<RelationFacts>())
            {
                effects.AddLock("ROW SHARE", parent);
            }
        }
    }

    private void Children(RelationFacts relation, Change change, Standing standing)
    {
        // An INSERT goes into a partition; that into a table with children stays in that table.
        var isRouted = relation.Kind == 'p';
        if (change.Verb == Verb.Insert ? !isRouted : change.IsAlone)
        {
            return;
        }

        foreach (var child in relation.Descendants.Select(facts.Relation).OfType<RelationFacts>())
        {
            var columns = change.Columns.Select(column => Same(relation, child, column)).ToImmutableArray();
            Write(
                change with
                {
                    Relation = child.Oid,
                    Columns = columns,
                    MayMoveRows = isRouted && change.Verb == Verb.Update,
                },
                standing);
        }
    }

    private static short Same(RelationFacts parent, RelationFacts child, short column) =>
        column != 0 && parent.Columns.TryGetValue(column, out var name)
            ? child.Number(name)
            : (short)0;

    internal enum Verb
    {
        Insert,
        Update,
        Delete,
        Truncate,
    }

    /// <summary>One change of one relation.</summary>
    /// <param name="Relation">What is changed.</param>
    /// <param name="Verb">How.</param>
    /// <param name="Columns">Columns that an INSERT names or an UPDATE sets; 0 stands for all of them.</param>
    /// <param name="UsesDefaults">Whether any of them gets its default by the word DEFAULT.</param>
    /// <param name="IsAlone">Whether its children stay as they are (<c>ONLY</c>).</param>
    internal sealed record Change(
        uint Relation, Verb Verb, ImmutableArray<short> Columns, bool UsesDefaults, bool IsAlone)
    {
        /// <summary>Whether a TRUNCATE takes all relations along whose foreign keys point here.</summary>
        public bool Cascades { get; init; }

        /// <summary>Whether an UPDATE may take a row from one partition to another.</summary>
        public bool MayMoveRows { get; init; }

        public bool IsOfAll => Columns.Contains((short)0);
    }
}
