using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// What adds values beside the expressions that stand in a query: functions' bodies, and what a change assigns.
/// </summary>
internal sealed class SourceCode(CatalogFacts facts)
{
    /// <summary>Bodies in SQL that one node calls; whatever they read they may hand out.</summary>
    public IEnumerable<NodeValue> Bodies(NodeValue.Node node, Called called)
    {
        var rest = new Stack<uint>(
            node.Fields.Where(field => NodeLabels.IsFunction(field.Key) && field.Value is NodeValue.Word)
                .Select(field => node.Oid(field.Key)));
        while (rest.TryPop(out var oid))
        {
            if (CatalogFacts.IsBuiltIn(oid))
            {
                called.IsUnclear |= HandsOut(oid, node);
                continue;
            }

            if (!called.Functions.Add(oid) || facts.Function(oid) is not { } function)
            {
                continue;
            }

            foreach (var support in function.Supports)
            {
                rest.Push(support);
            }

            if (BodyOf(function, called) is { } body)
            {
                yield return body;
            }
        }
    }

    /// <summary>What an INSERT, UPDATE or MERGE assigns to a column, 0 for any.</summary>
    /// <param name="query">The change.</param>
    /// <param name="number">The column.</param>
    /// <param name="isResult">Whether the row as it is afterwards is meant, not that which was to be inserted.</param>
    public static IEnumerable<NodeValue> Assignments(QueryTree query, long number, bool isResult)
    {
        IEnumerable<NodeValue.Node> targets = query.Command is QueryCommand.Insert or QueryCommand.Update
            ? query.Targets
            : [];
        if (isResult)
        {
            targets = targets
                .Concat(query.OnConflict?.Nodes("onConflictSet") ?? [])
                .Concat(query.MergeActions.SelectMany(action => action.Nodes("targetList")));
        }

        // One that is not of the result belongs to an assignment of several columns at once.
        return targets
            .Where(target => number == 0 || target.Number("resno") == number || target.Flag("resjunk"))
            .Select(target => target.Field("expr"));
    }

    /// <summary>Defaults of columns that an INSERT does not name.</summary>
    public IEnumerable<NodeValue> Defaults(QueryTree query, long number)
    {
        var relation = query.Ranges[query.Result - 1].Relation;
        if (query.Command is not (QueryCommand.Insert or QueryCommand.Merge)
            || CatalogFacts.IsBuiltIn(relation) || facts.Write(relation) is not { } write)
        {
            return [];
        }

        return write.Defaults.Where(value => !value.IsGenerated && (number == 0 || value.Column == number))
            .Select(value => facts.Parse(value.Expression));
    }

    /// <summary>Whether code may put other values into the rows that a change hands out.</summary>
    public bool IsRewritten(QueryTree query) =>
        query.Returning.Any() && IsRewritten(query.Ranges[query.Result - 1].Relation, []);

    private bool IsRewritten(uint oid, HashSet<uint> seen)
    {
        if (!seen.Add(oid) || CatalogFacts.IsBuiltIn(oid) || facts.Relation(oid) is not { } relation)
        {
            return false;
        }

        var below = relation.IsView
            ? relation.Rules.Where(rule => rule.Event == '1')
                .SelectMany(rule => QueryTree.All(facts.Parse(rule.Actions)))
                .SelectMany(query => query.Ranges)
                .Where(entry => entry.Kind == RangeKind.Relation)
                .Select(entry => entry.Relation)
            : relation.Descendants;
        return relation.Rules.Any(rule => rule.Event != '1' && rule.IsInstead)
            || facts.Write(oid) is { } write && write.Triggers.Any(trigger => trigger.ChangesRows)
            || below.ToList().Exists(other => IsRewritten(other, seen));
    }

    private bool HandsOut(uint oid, NodeValue.Node node) =>
        facts.BuiltIns.Functions.TryGetValue(oid, out var function)
        && FunctionRules.HandsOut(function)
        && !(function.Name == "current_setting"
            && node.Label == "FUNCEXPR"
            && Constants.String(node.List("args").FirstOrDefault()) is { } name
            && SettingRules.HoldsNoText(name.ToLowerInvariant()));

    private NodeValue? BodyOf(FunctionFacts function, Called called)
    {
        if (function.IsAggregate || FunctionRules.IsKnownToCompute(function))
        {
            return null;
        }

        var body = function.Language == "sql" ? function.Tree ?? facts.Body(function.Oid) : "";
        called.IsUnclear |= body is "";
        return string.IsNullOrEmpty(body) ? null : facts.Parse(body);
    }

    /// <summary>What one expression calls.</summary>
    internal sealed class Called
    {
        public HashSet<uint> Functions { get; } = [];

        /// <summary>Whether any of it may hand out values from anywhere.</summary>
        public bool IsUnclear { get; set; }
    }
}
