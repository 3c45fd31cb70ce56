using System.Collections.Immutable;
using System.Globalization;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Server.Rosters;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>away</c> of people: from when until when, and who stands in for them as a reviewer.</summary>
internal sealed class AwaySection(Section section)
{
    /// <summary>Whoever is gone for longer has another role by then.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(90);

    private static readonly string[] Keys = ["from", "until", "deputy"];

    private readonly List<(PersonId Person, YamlNode Node)> _written = [];

    public void Add(PersonId person, YamlNode node) => _written.Add((person, node));

    /// <summary>All of them, once it is known who the people are.</summary>
    public ImmutableArray<RosterLine.Away> Read(People people) =>
        [.. _written.Select(each => Read(each.Person, each.Node, people)).OfType<RosterLine.Away>()];

    private RosterLine.Away? Read(PersonId person, YamlNode node, People people)
    {
        if (Fields.Of(node, "away", Keys, section.Errors) is not { } fields)
        {
            return null;
        }

        var deputy = section.RequiredText(fields, "deputy", "away");
        if (TimeOf(fields, "from") is not { } from || TimeOf(fields, "until") is not { } until || deputy is null)
        {
            return null;
        }

        if (until <= from || until - from > Longest)
        {
            section.Complain(node, $"'until' is after 'from', and at most {Longest.TotalDays:0} days after it");
        }

        var names = people.Persons.Select(known => known.Id.Value).Where(name => name != person.Value).ToList();
        if (!names.Contains(deputy))
        {
            section.Errors.Add(
                fields.Find("deputy")!.At, $"'{deputy}' is nobody else under people", Nearest.To(deputy, names));
            return null;
        }

        return new RosterLine.Away(person, new PersonId(deputy), from, until);
    }

    private DateTimeOffset? TimeOf(Fields fields, string key)
    {
        if (section.RequiredText(fields, key, "away") is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var time))
        {
            return time.ToUniversalTime();
        }

        section.Complain(fields.Find(key)!, $"{key} is a time like 2026-12-24T08:00:00Z, not '{text}'");
        return null;
    }
}
