using System.Collections.Immutable;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// Which stored columns decide something in a query: everything that they are used for but passing on to its result.
/// Each query is looked at once, with what stands directly in it; queries inside are queries of their own.
/// <list type="number">
/// <item>Conditions: WHERE, ON, HAVING, ON CONFLICT, MERGE, LIMIT, TABLESAMPLE.</item>
/// <item>What is sorted, grouped or made distinct by; set operations that compare rows.</item>
/// <item>What functions in FROM get: how many rows come of it depends on that.</item>
/// <item>Values that are written.</item>
/// <item>Results whose computing may fail (<see cref="Totality"/>).</item>
/// <item>Conditions, order and distinctness of aggregates; what is told to others.</item>
/// </list>
/// </summary>
internal sealed class Decisions(CatalogFacts facts, EffectsBuilder effects)
{
    private const long Union = 1;

    private static readonly string[] s_conditions =
    [
        "jointree", "havingQual", "limitOffset", "limitCount", "windowClause", "mergeActionList", "mergeJoinCondition",
    ];

    private static readonly string[] s_conflict =
        ["arbiterElems", "arbiterWhere", "onConflictSet", "onConflictWhere"];

    private readonly Provenance _provenance = new(facts);

    public void Query(Scope scope) => Guarded(() =>
    {
        var query = scope.Query;

        // 1.
        Fields(query.Node, s_conditions, scope);
        if (query.OnConflict is { } conflict)
        {
            Fields(conflict, s_conflict, scope);
        }

        // 2.
        SetOperation(scope);
        foreach (var target in query.Targets.Where(target => target.Number("ressortgroupref") != 0))
        {
            Add(_provenance.Of(target, scope));
        }

        // 3.
        foreach (var entry in query.Ranges)
        {
            Range(entry, scope);
        }

        // 4. and 5.
        var isChange = query.Command is not QueryCommand.Select;
        foreach (var target in query.Targets)
        {
            Result(target.Field("expr"), scope, isUsed: isChange);
        }

        foreach (var target in query.Returning)
        {
            Result(target.Field("expr"), scope, isUsed: false);
        }

        // 6.
        Calls(query.Node, scope);
    });

    /// <summary>A condition that the catalog keeps: whether it holds shows.</summary>
    public void Condition(NodeValue expression, Scope scope) => Guarded(() =>
    {
        Add(_provenance.In(expression, scope));
        Calls(expression, scope);
    });

    /// <summary>What an expression that the catalog keeps comes from.</summary>
    public Sources SourcesOf(NodeValue expression, uint relation) =>
        _provenance.In(expression, Scope.Of(relation));

    /// <summary>What an expression about one relation takes from others, by code that it calls.</summary>
    public void Elsewhere(Sources sources, uint relation)
    {
        var own = facts.Relation(relation) is { } about
            ? about.Ancestors.Concat(about.Descendants).Append(relation).ToHashSet()
            : [relation];
        Add(sources with { Columns = [.. sources.Columns.Where(column => !own.Contains(column.Relation))] });
    }

    /// <summary>Columns of a relation; 0 stands for all of them.</summary>
    public void Columns(uint relation, IEnumerable<short> columns) => Guarded(() =>
    {
        foreach (var column in columns)
        {
            Add(_provenance.In(relation, column));
        }
    });

    public void Guarded(Action look)
    {
        try
        {
            look();
        }
        catch (TreeNotUnderstoodException)
        {
            // The statement may be understood apart from this, but what decides in it is not.
            effects.AddUnclearDecision();
        }
    }

    private void Fields(NodeValue.Node node, IEnumerable<string> fields, Scope scope)
    {
        foreach (var field in fields)
        {
            if (node.Find(field) is { } value and not NodeValue.Missing)
            {
                Add(_provenance.In(value, scope));
            }
        }
    }

    /// <summary>UNION ALL takes rows as they are; all others compare them.</summary>
    private void SetOperation(Scope scope)
    {
        var compares = scope.Query.SetOperations is { } operations && operations.Everything()
            .Any(node => node.Label == "SETOPERATIONSTMT" && !(node.Number("op") == Union && node.Flag("all")));
        foreach (var entry in scope.Query.Ranges.Where(entry => compares && entry.Kind == RangeKind.Subquery))
        {
            Add(_provenance.In(entry, 0, scope));
        }

        var cyclic = scope.Query.CommonTables.Where(table => table.Find("cycle_clause") is NodeValue.Node);
        foreach (var table in cyclic)
        {
            Add(_provenance.In(table.Field("ctequery"), scope));
        }
    }

    private void Range(RangeEntry entry, Scope scope)
    {
        switch (entry.Kind)
        {
            case RangeKind.Function:
                Add(_provenance.In(entry.Node.Field("functions"), scope));
                break;
            case RangeKind.TableFunction:
                Add(_provenance.In(entry.Node.Field("tablefunc"), scope));
                break;
            case RangeKind.Values:
                Result(entry.Node.Field("values_lists"), scope, isUsed: false);
                break;
            case RangeKind.Relation when entry.Node.Find("tablesample") is NodeValue.Node sample:
                Add(_provenance.In(sample, scope));
                break;
        }
    }

    private void Result(NodeValue expression, Scope scope, bool isUsed)
    {
        var sources = _provenance.In(expression, scope);
        if (isUsed || sources.MayFail)
        {
            Add(sources);
        }
    }

    private void Calls(NodeValue start, Scope scope)
    {
        var rest = new Stack<NodeValue>([start]);
        while (rest.TryPop(out var value))
        {
            if (value is NodeValue.Node node && value != start)
            {
                if (node.Label == "QUERY")
                {
                    continue;
                }

                Call(node, scope);
            }

            foreach (var child in value.Children)
            {
                rest.Push(child);
            }
        }
    }

    private void Call(NodeValue.Node node, Scope scope)
    {
        if (node.Label is "AGGREF" or "WINDOWFUNC")
        {
            Fields(node, ["aggfilter"], scope);
        }

        if (node.Label == "AGGREF")
        {
            foreach (var argument in node.Nodes("args").Where(one => one.Number("ressortgroupref") != 0))
            {
                Add(_provenance.In(argument.Field("expr"), scope));
            }
        }

        if (node.Label == "FUNCEXPR"
            && facts.BuiltIns.Functions.GetValueOrDefault(node.Oid("funcid")).Name == "pg_notify")
        {
            effects.AddAnnounced(_provenance.In(node.Field("args"), scope).ToSet());
        }
    }

    private void Add(Sources sources) => effects.AddDeciding(sources.ToSet());
}
