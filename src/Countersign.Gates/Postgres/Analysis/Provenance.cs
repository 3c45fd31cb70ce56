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

    private static readonly ImmutableHashSet<string> s_notValues = ["joinaliasvars", "eref", "alias"];

    private readonly Dictionary<(NodeValue.Node Entry, long Column), Sources> _known = [];
    private int _steps;

    public ImmutableArray<OutputColumn> Of(QueryTree query)
    {
        var scope = new Scope(query, null);
        var targets = query.Command == QueryCommand.Select ? query.Targets : query.Returning;
        return
        [
            .. targets.Where(target => !target.Flag("resjunk")).Select(target => Column(scope, target)),
        ];
    }

    private OutputColumn Column(Scope scope, NodeValue.Node target)
    {
        var sources = scope.Query.SetOperations is null
            ? Expression(target.Field("expr"), scope)
            : Branches(scope, target.Number("resno"));
        var grouped = Windows(scope, target, sources);
        return new OutputColumn(target.Text("resname") ?? "?column?", grouped.ToArray(), grouped.IsPlain);
    }

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
        var functions = new HashSet<uint>();
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

            if (value is NodeValue.Node { Label: "QUERY" } query)
            {
                around = new Scope(QueryTree.Of(query), around);
            }

            foreach (var body in Bodies(value, functions))
            {
                rest.Push((body, Scope.Nowhere));
            }

            foreach (var child in Values(value))
            {
                rest.Push((child, around));
            }
        }

        return sources;
    }

    /// <summary>A function in SQL may hand out whatever it reads.</summary>
    private IEnumerable<NodeValue> Bodies(NodeValue value, HashSet<uint> seen)
    {
        if (value is not NodeValue.Node { Label: "FUNCEXPR" } call
            || CatalogFacts.IsBuiltIn(call.Oid("funcid"))
            || !seen.Add(call.Oid("funcid"))
            || facts.Function(call.Oid("funcid")) is not { Language: "sql" } function)
        {
            return [];
        }

        var body = function.Tree ?? facts.Body(function.Oid);
        return string.IsNullOrEmpty(body) ? [] : [facts.Parse(body)];
    }

    private static IEnumerable<NodeValue> Values(NodeValue value) => value is NodeValue.Node node
        ? node.Fields.Where(field => !s_notValues.Contains(field.Key)).Select(field => field.Value)
        : value.Children;

    private Sources Variable(NodeValue.Node column, Scope scope)
    {
        var around = scope.Out(column.Number("varlevelsup"));
        var index = column.Number("varno");
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
            return Sources.None;
        }

        if (_known.TryGetValue((entry.Node, number), out var known))
        {
            return known;
        }

        // A recursive query finds itself here: what it adds is found where it began.
        _known[(entry.Node, number)] = Sources.None;
        Step();
        return _known[(entry.Node, number)] = entry.Kind switch
        {
            RangeKind.Relation => Stored(entry.Relation, number),
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
    }

    private Sources Stored(uint oid, long number)
    {
        if (facts.Relation(oid) is not { } relation)
        {
            return Sources.None;
        }

        var columns = relation.Columns.Where(column => number == 0 || column.Key == number)
            .Select(column => new ColumnSource(oid, column.Key, relation.Name, column.Value));
        var sources = new Sources([.. columns], IsPlain: number > 0);
        if (number == 0)
        {
            sources = sources.With(
                new Sources([new ColumnSource(oid, 0, relation.Name, "*")], IsPlain: false), isPlain: false);
        }

        return relation is { IsView: true, IsBuiltIn: false } ? Behind(relation, number, sources) : sources;
    }

    /// <summary>A view's column is that of the view and those behind it.</summary>
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

    /// <summary>Where a column's values come from.</summary>
    private readonly record struct Sources(ImmutableHashSet<ColumnSource> Columns, bool IsPlain)
    {
        public static Sources None { get; } = new([], IsPlain: false);

        public Sources With(Sources other, bool isPlain) => new(Columns.Union(other.Columns), isPlain);

        public ImmutableArray<ColumnSource> ToArray() =>
            [.. Columns.OrderBy(column => column.Relation).ThenBy(column => column.Attribute)];
    }

    /// <summary>A query and the queries around it, in which its columns are looked up.</summary>
    private sealed class Scope(QueryTree? query, Scope? outer)
    {
        public static Scope Nowhere { get; } = new(null, null);

        public bool IsNowhere => query is null;

        public QueryTree Query => query ?? throw new InvalidOperationException("There is no query around this.");

        public Scope Out(long levels)
        {
            var scope = this;
            for (; levels > 0; levels--)
            {
                scope = scope.Outer;
            }

            return scope;
        }

        private Scope Outer => outer ?? Nowhere;
    }
}
