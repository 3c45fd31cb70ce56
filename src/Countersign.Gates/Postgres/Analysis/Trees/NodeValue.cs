using System.Collections.Immutable;
using System.Globalization;

namespace Countersign.Gates.Postgres.Analysis.Trees;

/// <summary>
/// A value in the text that PostgreSQL keeps its trees in (<c>pg_node_tree</c>; written by <c>outfuncs.c</c>, read by
/// <c>readfuncs.c</c>).
/// </summary>
internal abstract class NodeValue
{
    private NodeValue() { }

    /// <summary>The values directly inside.</summary>
    public virtual IEnumerable<NodeValue> Children => [];

    /// <summary>This node and all nodes below it, in no particular order.</summary>
    public IEnumerable<Node> Everything()
    {
        var rest = new Stack<NodeValue>([this]);
        while (rest.TryPop(out var value))
        {
            if (value is Node node)
            {
                yield return node;
            }

            foreach (var child in value.Children)
            {
                rest.Push(child);
            }
        }
    }

    /// <summary><c>&lt;&gt;</c>: nothing.</summary>
    public sealed class Missing : NodeValue
    {
        public static Missing Instance { get; } = new();
    }

    /// <summary>A number, a truth value, a name or a string, without its escapes.</summary>
    public sealed class Word(string text) : NodeValue
    {
        public string Text => text;
    }

    /// <summary><c>( … )</c>.</summary>
    public sealed class Items(ImmutableArray<NodeValue> values) : NodeValue
    {
        public ImmutableArray<NodeValue> Values => values;

        public override IEnumerable<NodeValue> Children => values;
    }

    /// <summary>
    /// <c>(b …)</c>, <c>(i …)</c>, <c>(o …)</c>, <c>(x …)</c>: members, integers, OIDs, transactions.
    /// </summary>
    public sealed class Numbers(ImmutableArray<long> values) : NodeValue
    {
        public ImmutableArray<long> Values => values;
    }

    /// <summary>A constant's bytes as they are in the server's memory.</summary>
    public sealed class Bytes(ImmutableArray<byte> values) : NodeValue
    {
        public ImmutableArray<byte> Values => values;
    }

    /// <summary><c>{LABEL :field value …}</c>.</summary>
    public sealed class Node(string label, ImmutableArray<KeyValuePair<string, NodeValue>> fields) : NodeValue
    {
        public string Label => label;

        public ImmutableArray<KeyValuePair<string, NodeValue>> Fields => fields;

        public override IEnumerable<NodeValue> Children => fields.Select(pair => pair.Value);

        public NodeValue? Find(string name)
        {
            foreach (var field in fields)
            {
                if (field.Key == name)
                {
                    return field.Value;
                }
            }

            return null;
        }

        public NodeValue Field(string name) =>
            Find(name) ?? throw new TreeNotUnderstoodException($"{label} has no field {name}.");

        /// <summary>The node in a field, or <c>null</c> where there is nothing.</summary>
        public Node? Child(string name) => Field(name) switch
        {
            Missing => null,
            Node node => node,
            _ => throw new TreeNotUnderstoodException($"{label}'s {name} is not a node."),
        };

        /// <summary>The list in a field; one that is missing is empty.</summary>
        public ImmutableArray<NodeValue> List(string name) => Field(name) switch
        {
            Missing => [],
            Items items => items.Values,
            _ => throw new TreeNotUnderstoodException($"{label}'s {name} is not a list."),
        };

        public IEnumerable<Node> Nodes(string name) => List(name).Select(item => item as Node
            ?? throw new TreeNotUnderstoodException($"{label}'s {name} holds more than nodes."));

        public string? Text(string name) => Field(name) switch
        {
            Missing => null,
            Word word => word.Text,
            _ => throw new TreeNotUnderstoodException($"{label}'s {name} is not a word."),
        };

        public long Number(string name) =>
            long.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new TreeNotUnderstoodException($"{label}'s {name} is not a number.");

        public uint Oid(string name) => Number(name) is >= 0 and <= uint.MaxValue and var oid
            ? (uint)oid
            : throw new TreeNotUnderstoodException($"{label}'s {name} is not an OID.");

        public bool Flag(string name) => Text(name) switch
        {
            "true" => true,
            "false" => false,
            _ => throw new TreeNotUnderstoodException($"{label}'s {name} is neither true nor false."),
        };

        /// <summary>A set or a list of numbers; one that is missing is empty.</summary>
        public ImmutableArray<long> Set(string name) => Field(name) switch
        {
            Missing => [],
            Numbers numbers => numbers.Values,
            _ => throw new TreeNotUnderstoodException($"{label}'s {name} is not a set of numbers."),
        };
    }
}
