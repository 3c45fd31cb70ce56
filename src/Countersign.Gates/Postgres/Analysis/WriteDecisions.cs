using System.Collections.Immutable;
using Countersign.Gates.Postgres.Analysis.Catalog;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// Which stored columns decide whether a change succeeds, and what else it changes: those that must not repeat, those
/// of foreign keys at both ends, those of a CHECK of which others are changed.
/// </summary>
internal sealed class WriteDecisions(CatalogFacts facts, Decisions decisions)
{
    public void Of(WriteFacts write, WriteWalk.Change change)
    {
        if (change.Verb == WriteWalk.Verb.Truncate)
        {
            return;
        }

        if (change.Verb != WriteWalk.Verb.Delete)
        {
            Unique(write, change);
            Expressions(write, change);
        }

        Keys(write, change);
    }

    /// <summary>A value that is there already is refused.</summary>
    private void Unique(WriteFacts write, WriteWalk.Change change)
    {
        foreach (var key in write.UniqueKeys.Where(key => IsTouched(key, change)))
        {
            decisions.Columns(change.Relation, key);
        }
    }

    private void Keys(WriteFacts write, WriteWalk.Change change)
    {
        var own = change.Verb == WriteWalk.Verb.Delete
            ? []
            : write.Keys.Where(key => IsTouched(key.FromColumns, change));
        var others = change.Verb == WriteWalk.Verb.Insert
            ? []
            : write.PointedAtBy.Where(key =>
                change.Verb == WriteWalk.Verb.Delete || IsTouched(key.ToColumns, change));
        foreach (var key in own)
        {
            // What is inserted is known to whoever inserts it.
            decisions.Columns(key.From, change.Verb == WriteWalk.Verb.Insert ? [] : key.FromColumns);
            decisions.Columns(key.To, key.ToColumns);
        }

        foreach (var key in others)
        {
            decisions.Columns(key.From, key.FromColumns);
            decisions.Columns(key.To, key.ToColumns);
        }
    }

    /// <summary>
    /// CHECKs and the like. What stays as it is decides together with what is set; what a function reads elsewhere
    /// decides always.
    /// </summary>
    private void Expressions(WriteFacts write, WriteWalk.Change change)
    {
        var all = write.Expressions.Select(expression => (Tree: expression, IsValue: false))
            .Concat(write.Defaults.Select(value => (Tree: value.Expression, IsValue: value.IsGenerated)));
        foreach (var (tree, isGenerated) in all)
        {
            decisions.Guarded(() =>
            {
                var sources = decisions.SourcesOf(facts.Parse(tree), change.Relation);
                var own = sources.Columns.Where(column => column.Relation == change.Relation && column.Attribute > 0)
                    .Select(column => column.Attribute).ToImmutableArray();
                var isMixed = change.Verb == WriteWalk.Verb.Update
                    && (change.IsOfAll || own.Any(change.Columns.Contains))
                    && (change.IsOfAll || !own.All(change.Columns.Contains));
                if (isMixed && (!isGenerated || sources.MayFail))
                {
                    decisions.Condition(facts.Parse(tree), Scope.Of(change.Relation));
                }

                decisions.Elsewhere(sources, change.Relation);
            });
        }
    }

    private static bool IsTouched(ImmutableArray<short> key, WriteWalk.Change change) =>
        change.Verb == WriteWalk.Verb.Insert
        || change.IsOfAll
        || key.Contains((short)0)
        || key.Any(change.Columns.Contains);
}
