using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;

namespace Countersign.Server.Configuration;

/// <summary>Reads what one target masks: <c>labels</c>, <c>redact</c> and <c>mask</c>.</summary>
internal sealed class MaskSection(Section section, RedactionSettings shared)
{
    private const int MostColumnParts = 3;

    private static readonly string[] RedactKeys = ["response", "as"];
    private static readonly string[] Places = ["column", "field", "path", "header"];
    private static readonly string[] MaskKeys = [.. Places, "as"];

    public RedactionDraft Read(Fields fields, GateKind gate, ImmutableArray<string> labels)
    {
        var redact = fields.Find("redact");
        var isOff = redact is YamlNode.Scalar { Text: "none" };
        var said = redact is null || isOff ? null : Fields.Of(redact, "redact", RedactKeys, section.Errors);
        var classes = isOff ? [] : labels.Select(DataClass.Of).OfType<DataClass>().ToImmutableArray();
        if (said is not null && classes.IsEmpty && said.Lacks("response"))
        {
            section.Complain(redact!, "redact needs 'response': the kinds that are masked, like [email, card]");
        }

        var (usual, special) = said is null ? (Treatment.Redact, []) : TreatmentsOf(said);
        var values = ValuesOf(said, classes, isOff ? [] : UsuallyAt(gate)) is { } options
            ? options with
            {
                Mode = gate == GateKind.Postgres ? RedactionMode.Columns : RedactionMode.Text,
                Treatment = usual,
                Treatments = special,
            }
            : null;
        return new RedactionDraft(
            values,
            [
                .. classes.SelectMany(each => each.Fields).Select(name => new FieldDraft(
                    usual, treatment => new FieldRule.Named(name, treatment))),
                .. section.Items(fields, "mask").Select(item => RuleOf(item, gate)).OfType<FieldDraft>(),
            ]);
    }

    /// <summary>
    /// A key that a target hands out is not the agent's to keep, unless the operator says so (DESIGN section 2.9).
    /// </summary>
    private static ImmutableArray<DataKind> UsuallyAt(GateKind gate) =>
        gate is GateKind.Mcp or GateKind.Http ? DataKinds.Named("secrets") : [];

    private RedactionOptions? ValuesOf(
        Fields? said, ImmutableArray<DataClass> classes, ImmutableArray<DataKind> usual)
    {
        var kinds = classes.SelectMany(each => each.Kinds).Concat(usual).ToHashSet();
        var custom = new HashSet<string>();
        foreach (var node in said?.Find("response") is { } response ? Values.ItemsOf(response) : [])
        {
            if (Values.Text(node, "an item of response", section.Errors) is not { } word)
            {
                continue;
            }

            custom.UnionWith(word.Text == "all" ? shared.CustomNames : CustomNamed(word.Text));
            kinds.UnionWith(DataKinds.Named(word.Text));
            kinds.UnionWith(DataClass.Of(word.Text)?.Kinds ?? []);
            ComplainIfUnknown(word, DataClass.Labels);
        }

        return kinds.Count == 0 && custom.Count == 0
            ? null
            : new RedactionOptions
            {
                Kinds = [.. kinds],
                Patterns = [.. shared.Patterns.Where(each => custom.Contains(each.Name))],
                Dictionaries = [.. shared.Dictionaries.Where(each => custom.Contains(each.Name))],
            };
    }

    /// <summary>One word for everything, or a word for each kind or group; what is not named gets a mask.</summary>
    private (Treatment Usual, ImmutableDictionary<string, Treatment> Special) TreatmentsOf(Fields said)
    {
        if (said.Find("as") is not YamlNode.Mapping mapping)
        {
            return (said.Find("as") is { } word ? TreatmentOf(word) : Treatment.Redact, []);
        }

        var special = ImmutableDictionary.CreateBuilder<string, Treatment>();
        foreach (var (key, value) in mapping.Members)
        {
            ComplainIfUnknown(key, []);
            foreach (var name in DataKinds.Named(key.Text).Select(kind => kind.Name).Concat(CustomNamed(key.Text)))
            {
                special[name] = TreatmentOf(value);
            }
        }

        return (Treatment.Redact, special.ToImmutable());
    }

    private void ComplainIfUnknown(YamlNode.Scalar word, ImmutableArray<string> labels)
    {
        if (DataKinds.Named(word.Text).IsEmpty && !labels.Contains(word.Text) && !CustomNamed(word.Text).Any())
        {
            string[] known =
                [.. DataKinds.Groups, .. DataKinds.All.Select(kind => kind.Name), .. labels, .. shared.CustomNames];
            section.Errors.Add(
                word.At,
                $"there is no kind '{word.Text}'; groups are {string.Join(", ", DataKinds.Groups)}, and the reference "
                + "page about redaction lists the kinds",
                Nearest.To(word.Text, known));
        }
    }

    private IEnumerable<string> CustomNamed(string name) => shared.CustomNames.Where(each => each == name);

    private Treatment TreatmentOf(YamlNode node)
    {
        if (node is YamlNode.Scalar { Text: var text } && Treatment.Named(text) is { } treatment)
        {
            return treatment;
        }

        section.Errors.Add(
            node.At,
            $"as is one of {string.Join(", ", Treatment.Names)}, not {Values.Shown(node)}",
            node is YamlNode.Scalar scalar ? Nearest.To(scalar.Text, Treatment.Names) : null);
        return Treatment.Redact;
    }

    private FieldDraft? RuleOf(YamlNode node, GateKind gate)
    {
        if (Fields.Of(node, "an item of mask", MaskKeys, section.Errors) is not { } fields)
        {
            return null;
        }

        string[] places = [.. Places.Where(place => fields.Find(place) is not null)];
        if (places is not [var place])
        {
            if (places.Length > 0 || Places.All(fields.Lacks))
            {
                section.Complain(node, $"an item of mask names one place: {string.Join(", ", Places)}");
            }

            return null;
        }

        var at = fields.Find(place)!;
        if (WhyUseless(place, gate) is { } why)
        {
            section.Complain(at, why);
            return null;
        }

        var treatment = fields.Find("as") is { } word ? TreatmentOf(word) : Treatment.Redact;
        return section.Checked(at, place, text => Draft(place, text, treatment));
    }

    /// <summary>A setting without effect would be a false promise.</summary>
    private static string? WhyUseless(string place, GateKind gate) => (place, gate) switch
    {
        ("header", not GateKind.Http) =>
            $"'header' has no effect at gate {gate.ToText()}, whose answers have no headers; take it out",
        ("path", GateKind.Postgres) =>
            "'path' has no effect at gate postgres; name the column, or look for values with 'redact'",
        ("column", not GateKind.Postgres) =>
            $"'column' has no effect at gate {gate.ToText()}; write 'field' for members of any depth, or 'path'",
        _ => null,
    };

    private static FieldDraft Draft(string place, string text, Treatment treatment)
    {
        switch (place)
        {
            case "path":
                var path = JsonPath.Parse(text);
                return new FieldDraft(treatment, each => new FieldRule.AtPath(path, each));
            case "header":
                return new FieldDraft(treatment, each => new FieldRule.Header(text, each));
            case "column":
                var parts = text.Split('.');
                return parts.Length <= MostColumnParts && parts.All(part => part.Trim().Length > 0)
                    ? new FieldDraft(treatment, each => new FieldRule.Column(text, each))
                    : throw new ArgumentException(
                        $"column is like ssn, customers.ssn or public.customers.ssn, not '{text}'");
            default:
                return new FieldDraft(treatment, each => new FieldRule.Named(text, each));
        }
    }
}
