using System.Collections.Immutable;
using System.Globalization;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Server.Configuration;

/// <summary>A time in which policies that ask for it change nothing: <c>calendar.frozen(name)</c> is true.</summary>
internal sealed record Freeze(string Name, DateTimeOffset From, DateTimeOffset Until);

/// <summary>Reads <c>freezes:</c>, a list of names with RFC 3339 times.</summary>
internal sealed class FreezesSection(Section section)
{
    private static readonly string[] Keys = ["name", "from", "until"];

    public ImmutableArray<Freeze> Read(Fields root) =>
        [.. section.Items(root, "freezes").Select(ReadFreeze).OfType<Freeze>()];

    private Freeze? ReadFreeze(YamlNode node)
    {
        if (Fields.Of(node, "a freeze", Keys, section.Errors) is not { } fields
            || section.RequiredText(fields, "name", "a freeze") is not { } name
            || Time(fields, "from") is not { } from
            || Time(fields, "until") is not { } until)
        {
            return null;
        }

        if (from < until)
        {
            return new Freeze(name, from, until);
        }

        section.Complain(node, $"the freeze '{name}' ends before it begins");
        return null;
    }

    private DateTimeOffset? Time(Fields fields, string key)
    {
        if (section.RequiredText(fields, key, "a freeze") is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        section.Complain(fields.Find(key)!, $"{key} is a time like 2026-12-20T18:00:00Z, not '{text}'");
        return null;
    }
}
