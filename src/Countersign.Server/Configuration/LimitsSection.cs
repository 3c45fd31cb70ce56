using Countersign.Core;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>limits:</c>.</summary>
internal sealed class LimitsSection(Section section)
{
    private const long Kilobyte = 1024;
    private const long LargestBody = 200 * Kilobyte * Kilobyte;

    private static readonly string[] Keys =
        ["pending_per_agent", "reviews_per_agent_per_minute", "body", "depth", "statement"];

    public Limits Read(Fields root)
    {
        var standard = new Limits();
        if (root.Find("limits") is not { } node || Fields.Of(node, "limits", Keys, section.Errors) is not { } fields)
        {
            return standard;
        }

        int Count(string key, int most, int otherwise) => fields.Find(key) is { } number
            ? Values.Number(number, key, 1, most, section.Errors) ?? otherwise
            : otherwise;
        return new Limits
        {
            PendingPerAgent = Count("pending_per_agent", 1_000_000, standard.PendingPerAgent),
            ReviewsPerAgentPerMinute = Count(
                "reviews_per_agent_per_minute", 1_000_000, standard.ReviewsPerAgentPerMinute),
            Body = Size(fields, "body", standard.Body),
            Depth = Count("depth", 512, standard.Depth),
            Statement = Size(fields, "statement", standard.Statement),
        };
    }

    private long Size(Fields fields, string key, long otherwise)
    {
        if (fields.Find(key) is not { } node)
        {
            return otherwise;
        }

        if (node is YamlNode.Scalar { Text: var text }
            && SizeText.TryParse(text, out var bytes)
            && bytes is > 0 and <= LargestBody)
        {
            return bytes;
        }

        section.Complain(node, $"{key} is {SizeText.Form}, at most 200MB, not {Values.Shown(node)}");
        return otherwise;
    }
}
