using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// Which stored columns the values of a result may come from. Anything that an expression looks at counts, conditions
/// inside of it too: in doubt a column is a source.
/// </summary>
internal sealed class Provenance(CatalogFacts facts)
{
    /// <summary>Columns looked at for one result; a statement that takes more is opaque.</summary>
    public const int MostSteps = 1_000_000;

    /// <summary>The number of the system column <c>tableoid</c> (12 and newer).</summary>
    private const long TableOid = -6;

    private static readonly ImmutableHashSet<string> s_notValues = ["joinaliasvars", "eref", "alias"];

    private readonly SourceCode _code = new(facts);
    private readonly HashSet<(NodeValue.Node Entry, long Column)> _open = [];
    private Dictionary<(NodeValue.Node Entry, long Column), Sources> _known = [];
    private Dictionary<(NodeValue.Node Entry, long Column), Sources> _earlier = [];
    private bool _isCyclic;
    private int _steps;

    public ImmutableArray<OutputColumn> Of(QueryTree query)
    {
        var scope = new Scope(query, null);
        return
        [
            .. Outputs(query).Where(target => !target.Flag("resjunk")).Select(target =>
            {
                var sources = Of(target, scope);
                return new OutputColumn(target.Text("resname") ?? "?column?", sources.ToArray(), sources.IsPlain)
                {
                    IsUnclear = sources.IsUnclear,
                };
            }),
        ];
    }

    /// <summary>One column of a query's result.</summary>
    public Sources Of(NodeValue.Node target, Scope scope) => Settled(() => Target(scope, target));

    /// <summary>Everything that an expression looks at.</summary>
    public Sources In(NodeValue expression, Scope scope) => Settled(() => Everything(expression, scope));

    /// <summary>A column of what stands in a FROM; 0 is the whole row.</summary>
    public Sources In(RangeEntry entry, long number, Scope scope) => Settled(() => Column(entry, number, scope));

    /// <summary>A relation's own column; 0 is the whole row.</summary>
    public Sources In(uint relation, short number) => Settled(() => Stored(relation, number));

    /// <summary>
    /// A recursive query finds itself while it is looked at. What it is made of then is what was found the time before,
    /// and it is looked at until that is all.
    /// </summary>
    private Sources Settled(Func<Sources> find)
    {
        _open.Clear();
        while (true)
        {
            _isCyclic = false;
            var found = find();
            if (!_isCyclic || _known.All(known =>
                _earlier.TryGetValue(known.Key, out var before) && known.Value.IsAsMuchAs(before)))
            {
                return found;
            }

            (_earlier, _known) = (_known, []);
        }
    }

    private Sources Target(Scope scope, NodeValue.Node target) => Windows(
        scope,
        target,
        scope.Query.SetOperations is null
            ? Expression(target.Field("expr"), scope)
            : Branches(scope, target.Number("resno")));

    /// <summary>A window function's result follows its partition and order as well.</summary>
    private Sources Windows(Scope scope, NodeValue.Node target, Sources sources)
    {
        if (!target.Everything().Any(node => node.Label == "WINDOWFUNC"))
        {
            return sources;
        }

        var references = scope.Query.Node.Nodes("windowClause")
            .SelectMany(window => window.Nodes("partitionClause").Concat(window.Nodes("orderClause")))
            .Select(clause => clause.Number("tleSortGroupRef"))
            .ToHashSet();
        foreach (var other in scope.Query.Targets.Where(other => references.Contains(other.Number("ressortgroupref"))))
        {
            sources = sources.With(Expression(other.Field("expr"), scope), isPlain: false);
        }

        return sources;
    }

    /// <summary>UNION, INTERSECT, EXCEPT: every branch's column of that number.</summary>
    private Sources Branches(Scope scope, long number)
    {
        var sources = Sources.None;
        foreach (var entry in scope.Query.Ranges.Where(entry => entry.Kind == RangeKind.Subquery))
        {
            sources = sources.With(Column(entry, number, scope), isPlain: false);
        }

        return sources;
    }

    private Sources Expression(NodeValue expression, Scope scope)
    {
        // A cast that only relabels leaves the value as it is stored.
        while (expression is NodeValue.Node { Label: "RELABELTYPE" } relabel)
        {
            expression = relabel.Field("arg");
        }

        return expression is NodeValue.Node { Label: "VAR" } column && column.Number("varattno") > 0
            ? Variable(column, scope)
            : Everything(expression, scope) with { IsPlain = false };
    }

    /// <summary>All columns that stand anywhere in an expression, and in queries inside of it.</summary>
    private Sources Everything(NodeValue expression, Scope scope)
    {
        var sources = Sources.None;
        var (mayFail, makesJson) = (false, false);
        var called = new SourceCode.Called();
        var rest = new Stack<(NodeValue Value, Scope Scope)>([(expression, scope)]);
        while (rest.TryPop(out var next))
        {
            Step();
            var (value, around) = next;
            if (value is NodeValue.Node { Label: "VAR" } column)
            {
                sources = sources.With(Variable(column, around), isPlain: false);
                continue;
            }

            if (value is NodeValue.Node node)
            {
                around = node.Label == "QUERY" ? new Scope(QueryTree.Of(node), around) : around;
                mayFail |= Totality.MayFail(node, facts);
                makesJson |= Totality.MakesJson(node, facts);
                foreach (var body in _code.Bodies(node, called))
                {
                    rest.Push((body, Scope.Nowhere));
                }
            }

            foreach (var child in Values(value))
            {
                rest.Push((child, around));
            }
        }

        return sources with
        {
            IsUnclear = sources.IsUnclear || called.IsUnclear,
            MayFail = sources.MayFail || mayFail || (makesJson && sources.Columns.Any(IsHardAsJson)),
        };
    }

    private bool IsHardAsJson(ColumnSource column) =>
        column.Attribute > 0
        && Totality.IsHardAsJson(facts.Relation(column.Relation)?.Types.GetValueOrDefault(column.Attribute) ?? 0);

    private static IEnumerable<NodeValue> Values(NodeValue value) => value is NodeValue.Node node
        ? node.Fields.Where(field => !s_notValues.Contains(field.Key)).Select(field => field.Value)
        : value.Children;

    private Sources Variable(NodeValue.Node column, Scope scope)
    {
        var around = scope.Out(column.Number("varlevelsup"));
        var index = column.Number("varno");
        if (around.Relation != 0)
        {
            return Stored(around.Relation, column.Number("varattno"));
        }

        if (around.IsNowhere || index < 1 || index > around.Query.Ranges.Length)
        {
            throw new TreeNotUnderstoodException("A column refers to something that is not in its query.");
        }

        var entry = around.Query.Ranges[(int)index - 1];
        return Column(entry, column.Number("varattno"), around);
    }

    private Sources Column(RangeEntry entry, long number, Scope scope)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (number < 0)
        {
            // Which part of a table a row lies in follows from its values.
            return number == TableOid && entry.Kind == RangeKind.Relation
                && facts.Relation(entry.Relation) is { Descendants.IsEmpty: false }
                    ? Stored(entry.Relation, 0)
                    : Sources.None;
        }

        var key = (entry.Node, number);
        if (_known.TryGetValue(key, out var known))
        {
            return known;
        }

        if (!_open.Add(key))
        {
            _isCyclic = true;
            return _earlier.GetValueOrDefault(key, Sources.None);
        }

        Step();
        var found = Found(entry, number, scope);
        _open.Remove(key);
        return _known[key] = found;
    }

    private Sources Found(RangeEntry entry, long number, Scope scope) => entry.Kind switch
    {
        RangeKind.Relation => Assigned(entry, number, scope, Stored(entry.Relation, number)),
        RangeKind.Subquery => Inner(new Scope(QueryTree.Of(entry.Node.Field("subquery")), scope), number),
        RangeKind.CommonTable => CommonTable(entry, number, scope),
        RangeKind.Join => Item(entry.Node.List("joinaliasvars"), number, scope),
        RangeKind.Group => Item(entry.Node.List("groupexprs"), number, scope),
        RangeKind.Values => ValuesList(entry, number, scope),
        RangeKind.Function => Everything(entry.Node.Field("functions"), scope) with { IsPlain = false },
        RangeKind.TableFunction => Everything(entry.Node.Field("tablefunc"), scope) with { IsPlain = false },
        RangeKind.Result => Sources.None,
        _ => throw new TreeNotUnderstoodException($"A range entry of the kind {entry.Kind} has no columns here."),
    };

    /// <summary>
    /// What a change hands out of the row that it changed is what it wrote there, and what a trigger made of that.
    /// </summary>
    private Sources Assigned(RangeEntry entry, long number, Scope scope, Sources stored)
    {
        if (!scope.IsQuery || scope.Query is not { Result: > 0 } query)
        {
            return stored;
        }

        var isResult = query.Ranges[query.Result - 1].Node == entry.Node;
        if (!isResult && !entry.IsExcluded)
        {
            return stored;
        }

        var assigned = SourceCode.Assignments(query, number, isResult)
            .Aggregate(Sources.None, (all, value) => all.With(Expression(value, scope), isPlain: false));
        if (isResult)
        {
            assigned = _code.Defaults(query, number).Aggregate(
                assigned, (all, value) => all.With(Everything(value, Scope.Of(entry.Relation)), isPlain: false));
            assigned = assigned with { IsUnclear = assigned.IsUnclear || _code.IsRewritten(query) };
        }

        return stored.With(assigned, isPlain: stored.IsPlain && assigned.Columns.IsEmpty && !assigned.IsUnclear);
    }

    private Sources Stored(uint oid, long number)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (facts.Relation(oid) is not { } relation)
        {
            return Sources.None;
        }

        var columns = relation.Columns.Where(column => number == 0 || column.Key == number).ToList();
        var related = columns.SelectMany(column => Related(relation, column.Value));
        var sources = new Sources(
            [.. columns.Select(column => new ColumnSource(oid, column.Key, relation.Name, column.Value)), .. related],
            IsPlain: number > 0)
        {
            IsUnclear = relation.Kind == 't' || columns.Any(column => BuiltInViews.HoldsValues(relation, column.Value)),
        };
        if (number == 0)
        {
            sources = sources.With(
                new Sources([new ColumnSource(oid, 0, relation.Name, "*")], IsPlain: false), isPlain: false);
        }

        foreach (var (_, expression) in relation.Generated.Where(column => number == 0 || column.Key == number))
        {
            sources = sources.With(Everything(facts.Parse(expression), Scope.Of(oid)), isPlain: false);
        }

        return relation is { HasQuery: true, IsBuiltIn: false } ? Behind(relation, number, sources) : sources;
    }

    /// <summary>The same column in the relations above and below: a row of one is a row of the other.</summary>
    private IEnumerable<ColumnSource> Related(RelationFacts relation, string column) =>
        relation.Descendants.Concat(relation.Ancestors).Select(facts.Relation).OfType<RelationFacts>()
            .Select(other => new ColumnSource(other.Oid, other.Number(column), other.Name, column))
            .Where(source => source.Attribute > 0);

    /// <summary>A view's column is that of the view and those behind it; so is that of a kept one.</summary>
    private Sources Behind(RelationFacts view, long number, Sources own)
    {
        if (view.Rules.FirstOrDefault(rule => rule.Event == '1') is not { } rule
            || QueryTree.All(facts.Parse(rule.Actions)) is not [var query])
        {
            return own;
        }

        var inner = Inner(new Scope(query, null), number);
        return own.With(inner, isPlain: own.IsPlain && inner.IsPlain);
    }

    /// <summary>A query's column of that number; 0 is a whole row of it.</summary>
    private Sources Inner(Scope scope, long number)
    {
        if (number == 0)
        {
            var row = Sources.None;
            foreach (var target in Outputs(scope.Query).Where(target => !target.Flag("resjunk")))
            {
                row = row.With(Inner(scope, target.Number("resno")), isPlain: false);
            }

            return row;
        }

        if (scope.Query.SetOperations is not null)
        {
            return Branches(scope, number);
        }

        var found = Outputs(scope.Query).FirstOrDefault(target => target.Number("resno") == number);
        return found is null ? Sources.None : Windows(scope, found, Expression(found.Field("expr"), scope));
    }

    private static IEnumerable<NodeValue.Node> Outputs(QueryTree query) =>
        query.Command == QueryCommand.Select ? query.Targets : query.Returning;

    private Sources CommonTable(RangeEntry entry, long number, Scope scope)
    {
        var name = entry.Node.Text("ctename");
        var around = scope.Out(entry.Node.Number("ctelevelsup"));
        var table = around.IsNowhere
            ? null
            : around.Query.CommonTables.FirstOrDefault(table => table.Text("ctename") == name);
        if (table is null)
        {
            throw new TreeNotUnderstoodException("A WITH query is not where its name is used.");
        }

        // SEARCH and CYCLE add columns of their own behind those of the query, made from its columns.
        var inner = new Scope(QueryTree.Of(table.Field("ctequery")), around);
        var isAdded = number > Outputs(inner.Query).Count(target => !target.Flag("resjunk"));
        return Inner(inner, isAdded ? 0 : number);
    }

    private Sources Item(ImmutableArray<NodeValue> items, long number, Scope scope)
    {
        if (number > items.Length)
        {
            return Sources.None;
        }

        var wanted = number == 0 ? items : [items[(int)number - 1]];
        var sources = Sources.None;
        foreach (var item in wanted)
        {
            var one = Expression(item, scope);
            sources = wanted.Length == 1 ? one : sources.With(one, isPlain: false);
        }

        return sources;
    }

    private Sources ValuesList(RangeEntry entry, long number, Scope scope)
    {
        var sources = Sources.None;
        foreach (var row in entry.Node.List("values_lists").OfType<NodeValue.Items>())
        {
            sources = sources.With(Item(row.Values, number, scope), isPlain: false);
        }

        return sources;
    }

    private void Step()
    {
        if (++_steps > MostSteps)
        {
            throw new TreeNotUnderstoodException("Its result comes from more columns than are followed.");
        }
    }
}
