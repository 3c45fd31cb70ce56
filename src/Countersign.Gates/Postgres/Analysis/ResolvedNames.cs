using System.Text;
using Countersign.Gates.Postgres.Analysis.Trees;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// What the names in a statement mean, as text: the tree without what the digest of the statement covers already.
/// </summary>
/// <remarks>
/// Constants are left out: <c>'now'</c> becomes another one each time. Those that name an object stay, because the same
/// name may come to mean another one.
/// </remarks>
internal static class ResolvedNames
{
    public static string Of(NodeValue.Node query)
    {
        var text = new StringBuilder();
        foreach (var node in query.Everything())
        {
            text.Append('{').Append(node.Label);
            var isName = node.Label == "CONST" && Constants.NamesObject(node.Oid("consttype"));
            foreach (var (name, value) in node.Fields)
            {
                Append(text, name, value, isName);
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, NodeValue value, bool isName)
    {
        if (name is "location" or "stmt_location" or "stmt_len")
        {
            return;
        }

        text.Append(' ').Append(name).Append(' ');
        _ = value switch
        {
            NodeValue.Word word => text.Append(word.Text.Length).Append(':').Append(word.Text),
            NodeValue.Numbers numbers => text.AppendJoin(',', numbers.Values),
            NodeValue.Bytes bytes when isName => text.AppendJoin(',', bytes.Values),
            NodeValue.Items items => text.Append(items.Values.Length),
            _ => text.Append('-'),
        };
    }
}
