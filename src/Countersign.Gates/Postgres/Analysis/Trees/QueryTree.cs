using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Analysis.Trees;

/// <summary>One analysed query (<c>Query</c>), of a statement or of a part of one.</summary>
internal sealed class QueryTree
{
    private readonly NodeValue.Node _node;

    private QueryTree(NodeValue.Node node)
    {
        _node = node;
        ImmutableArray<NodeValue.Node> permissions =
            node.Find("rteperminfos") is null ? [] : [.. node.Nodes("rteperminfos")];
        Ranges = [.. node.Nodes("rtable").Select(entry => new RangeEntry(entry, permissions))];
    }

    public NodeValue.Node Node => _node;

    public ImmutableArray<RangeEntry> Ranges { get; }

    /// <summary>The relation that it changes, as number in <see cref="Ranges"/> from 1; 0 without any.</summary>
    public int Result => (int)_node.Number("resultRelation");

    public QueryCommand Command => IsUtility ? QueryCommand.Utility : _node.Number("commandType") switch
    {
        1 => QueryCommand.Select,
        2 => QueryCommand.Update,
        3 => QueryCommand.Insert,
        4 => QueryCommand.Delete,

        // MERGE came with 15; on 14 this number is that of utility statements, which were told apart above.
        5 => QueryCommand.Merge,
        var other => throw new TreeNotUnderstoodException($"A query is of the unknown command {other}."),
    };

    public IEnumerable<NodeValue.Node> CommonTables => _node.Nodes("cteList");

    public IEnumerable<NodeValue.Node> Targets => _node.Nodes("targetList");

    public IEnumerable<NodeValue.Node> Returning => _node.Find("returningList") switch
    {
        null or NodeValue.Missing => [],
        _ => _node.Nodes("returningList"),
    };

    public IEnumerable<NodeValue.Node> MergeActions =>
        _node.Find("mergeActionList") is null ? [] : _node.Nodes("mergeActionList");

    public IEnumerable<NodeValue.Node> RowMarks => _node.Nodes("rowMarks");

    public NodeValue.Node? SetOperations => _node.Child("setOperations");

    public NodeValue.Node? OnConflict => _node.Child("onConflict");

    public NodeValue.Node? Condition => _node.Child("jointree")?.Child("quals");

    private bool IsUtility => _node.Field("utilityStmt") is not NodeValue.Missing;

    public static QueryTree Of(NodeValue value) => value is NodeValue.Node { Label: "QUERY" } node
        ? new QueryTree(node)
        : throw new TreeNotUnderstoodException("A query is expected where something else stands.");

    /// <summary>The queries in a tree, whether it is a list of lists of them, a list or one.</summary>
    public static ImmutableArray<QueryTree> All(NodeValue value) => value switch
    {
        NodeValue.Missing => [],
        NodeValue.Items items => [.. items.Values.SelectMany(item => All(item))],
        _ => [Of(value)],
    };

    /// <summary>Result's column of that number, or <c>null</c>.</summary>
    public NodeValue.Node? Target(long number) => Targets.FirstOrDefault(entry => entry.Number("resno") == number);
}

internal enum QueryCommand
{
    Select,
    Insert,
    Update,
    Delete,
    Merge,

    /// <summary>NOTIFY in a rule.</summary>
    Utility,
}
