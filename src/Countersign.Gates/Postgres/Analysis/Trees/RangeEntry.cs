using System.Collections.Immutable;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis.Trees;

/// <summary>What stands in a statement's FROM, or is its target (<c>RangeTblEntry</c>).</summary>
internal sealed class RangeEntry
{
    // FirstLowInvalidHeapAttributeNumber: the bitmaps begin with the system columns (12 and newer).
    private const long AttributeOffset = -7;

    private const long PermissionsOfRights = 0b1_1111;

    private readonly NodeValue.Node _node;

    // The privileges stand in the entry itself up to 15, and in a list beside it from 16 on.
    private readonly NodeValue.Node? _permissions;

    public RangeEntry(NodeValue.Node node, ImmutableArray<NodeValue.Node> permissions)
    {
        _node = node;
        _permissions = PermissionsOf(node, permissions);
        Kind = node.Number("rtekind") is >= 0 and <= (long)RangeKind.Group and var kind
            ? (RangeKind)kind
            : throw new TreeNotUnderstoodException($"A range entry is of the unknown kind {node.Number("rtekind")}.");
    }

    public RangeKind Kind { get; }

    public NodeValue.Node Node => _node;

    public uint Relation => _node.Oid("relid");

    /// <summary>Whether this is the row proposed for insertion, as <c>excluded</c>.</summary>
    public bool IsExcluded => _node.Text("relkind") == "c";

    /// <summary>Whether the relation's children are meant too.</summary>
    public bool IsInherited => _node.Flag("inh");

    /// <summary>What the server would check; nothing for placeholders such as <c>old</c> in a view.</summary>
    public RelationRights Rights
    {
        get
        {
            var rights = _permissions?.Number("requiredPerms") ?? 0;
            return ((rights & 1) != 0 ? RelationRights.Insert : 0)
                | ((rights & 2) != 0 ? RelationRights.Select : 0)
                | ((rights & 4) != 0 ? RelationRights.Update : 0)
                | ((rights & 8) != 0 ? RelationRights.Delete : 0)
                | ((rights & 16) != 0 ? RelationRights.Truncate : 0)
                | ((rights & ~PermissionsOfRights) != 0
                    ? throw new TreeNotUnderstoodException($"A range entry needs the unknown privileges {rights}.")
                    : RelationRights.None);
        }
    }

    public IEnumerable<int> Selected => Attributes("selectedCols");

    public IEnumerable<int> Inserted => Attributes("insertedCols");

    public IEnumerable<int> Updated => Attributes("updatedCols");

    private static NodeValue.Node? PermissionsOf(NodeValue.Node node, ImmutableArray<NodeValue.Node> permissions)
    {
        if (node.Find("requiredPerms") is not null)
        {
            return node;
        }

        var index = node.Number("perminfoindex");
        return index == 0 ? null
            : index <= permissions.Length ? permissions[(int)index - 1]
            : throw new TreeNotUnderstoodException("A range entry names privileges that are not there.");
    }

    private IEnumerable<int> Attributes(string field) =>
        _permissions?.Set(field).Select(bit => (int)(bit + AttributeOffset)) ?? [];
}

/// <summary><c>RTEKind</c>; the last one came with 18.</summary>
internal enum RangeKind
{
    Relation,
    Subquery,
    Join,
    Function,
    TableFunction,
    Values,
    CommonTable,
    NamedStore,
    Result,
    Group,
}
