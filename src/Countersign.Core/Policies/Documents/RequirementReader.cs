using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Yaml;
using Countersign.Core.Reviews;

namespace Countersign.Core.Policies.Documents;

/// <summary>
/// Reads what stands under <c>require</c>: who has to agree, how strongly, and what the approval permits.
/// </summary>
internal sealed class RequirementReader(PolicyErrors errors)
{
    private const int DefaultNeed = 1;

    private static readonly TimeSpan DefaultWithin = TimeSpan.FromMinutes(30);

    /// <summary>What others have, and this product does not: who stands behind a request never approves it.</summary>
    private static readonly string[] NoSwitches = ["allow_delegator", "allow_self_approval"];

    private static readonly string[] RequirementKeys =
        ["stages", "assurance", "distinct_from", "reciprocal_within", "bounds", "grant"];

    private static readonly string[] StageKeys = ["of", "need", "within", "escalate"];
    private static readonly string[] BoundsKeys = ["rows", "seconds", "output"];
    private static readonly string[] GrantKeys = ["uses", "ttl"];

    private static readonly OrderedDictionary<string, Assurance> Assurances = Values.WordsOf<Assurance>();

    private static readonly OrderedDictionary<string, Exclusion> Exclusions = Values.WordsOf<Exclusion>();

    public RequirementDraft? Read(YamlNode node)
    {
        if (RefusesSwitches(node) || Fields.Of(node, "'require'", RequirementKeys, errors) is not { } fields)
        {
            return null;
        }

        if (fields.Find("stages") is not { } stages)
        {
            errors.Add(fields.At, "'require' has no 'stages'; say who has to agree: stages: [ { of: group:dba } ]");
            return null;
        }

        var read = Stages(stages);
        var (assurance, distinctFrom) = (AssuranceOf(fields), DistinctFrom(fields));
        var (bounds, grant) = (BoundsOf(fields), GrantOf(fields));
        var within = ReciprocalWithin(fields, distinctFrom);
        return read is null
            ? null
            : new RequirementDraft(read.Value, assurance, distinctFrom, bounds, grant) { ReciprocalWithin = within };
    }

    private bool RefusesSwitches(YamlNode node)
    {
        var named = (node as YamlNode.Mapping)?.Members.Where(member => NoSwitches.Contains(member.Key.Text)).ToList();
        foreach (var member in named ?? [])
        {
            errors.Add(
                member.Key.At,
                $"there is no '{member.Key.Text}': whom an agent acts for, its owner and who changed the request " +
                "never approve it, whatever a policy says; ask somebody else in 'stages'");
        }

        return named is { Count: > 0 };
    }

    private ImmutableArray<StageDraft>? Stages(YamlNode node)
    {
        if (node is not YamlNode.List { Items.Length: > 0 and <= PolicyLimits.Stages } list)
        {
            errors.Add(
                node.At, $"'stages' is a list of 1 to {PolicyLimits.Stages} stages like {{ of: group:dba, need: 1 }}");
            return null;
        }

        var stages = list.Items.Select(StageOf).OfType<StageDraft>().ToImmutableArray();
        return stages.Length == list.Items.Length ? stages : null;
    }

    private StageDraft? StageOf(YamlNode node)
    {
        if (Fields.Of(node, "a stage", StageKeys, errors) is not { } fields)
        {
            return null;
        }

        if (fields.Find("of") is not { } of)
        {
            errors.Add(fields.At, "a stage has no 'of'; say who is asked, like of: group:dba");
            return null;
        }

        var need = fields.Find("need") is { } count
            ? Values.Number(count, "'need'", least: 1, PolicyLimits.Need, errors)
            : DefaultNeed;
        var within = fields.Find("within") is { } time
            ? Values.Duration(time, "'within'", PolicyLimits.Within, errors)
            : DefaultWithin;
        var escalate = fields.Find("escalate") is { } others ? Values.Parties(others, "'escalate'", errors) : [];
        var asked = Values.Parties(of, "'of'", errors);
        return need is null || within is null || escalate is null || asked is null
            ? null
            : new StageDraft(asked.Value, need.Value, within.Value, escalate.Value, (fields.Find("need") ?? of).At);
    }

    private Assurance AssuranceOf(Fields fields) =>
        fields.Find("assurance") is { } node
            ? Values.Word(node, "'assurance'", Assurances, errors) ?? Assurance.Passkey
            : Assurance.Session;

    private ImmutableHashSet<Exclusion> DistinctFrom(Fields fields) =>
        fields.Find("distinct_from") is not { } node
            ? []
            : [.. Values.ItemsOf(node)
                .Select(item => Values.Word(item, "'distinct_from'", Exclusions, errors))
                .OfType<Exclusion>()];

    /// <summary>A time without the word would look like a rule and be none.</summary>
    private TimeSpan ReciprocalWithin(Fields fields, ImmutableHashSet<Exclusion> distinctFrom)
    {
        if (fields.Find("reciprocal_within") is not { } node)
        {
            return Favours.Lately;
        }

        if (!distinctFrom.Contains(Exclusion.Reciprocal))
        {
            errors.Add(node.At, "'reciprocal_within' needs distinct_from: [ reciprocal ]");
        }

        return Values.Duration(node, "'reciprocal_within'", PolicyLimits.ReciprocalWithin, errors) ?? Favours.Lately;
    }

    private Bounds BoundsOf(Fields requirement)
    {
        if (requirement.Find("bounds") is not { } node
            || Fields.Of(node, "'bounds'", BoundsKeys, errors) is not { } fields)
        {
            return Bounds.None;
        }

        var most = (int)PolicyLimits.ExecutionTime.TotalSeconds;
        var seconds = fields.Find("seconds") is { } time
            ? Values.Number(time, "'seconds'", least: 1, most, errors)
            : null;
        var rows = fields.Find("rows");
        var fromPreview = rows is YamlNode.Scalar { Text: "preview" };
        var count = rows is null || fromPreview
            ? null
            : Values.Number(rows, "'rows' is 'preview' or", least: 0, int.MaxValue, errors);
        return new Bounds(fromPreview, count, seconds is { } s ? TimeSpan.FromSeconds(s) : null)
        {
            Output = fields.Find("output") is { } output ? Values.Size(output, "'output'", errors) : null,
        };
    }

    private GrantTerms GrantOf(Fields requirement)
    {
        if (requirement.Find("grant") is not { } node
            || Fields.Of(node, "'grant'", GrantKeys, errors) is not { } fields)
        {
            return GrantTerms.Default;
        }

        var uses = fields.Find("uses") is { } count
            ? Values.Number(count, "'uses'", least: 1, PolicyLimits.Uses, errors)
            : null;
        var timeToLive = fields.Find("ttl") is { } time
            ? Values.Duration(time, "'ttl'", PolicyLimits.GrantTimeToLive, errors)
            : null;
        return new GrantTerms(uses ?? GrantTerms.Default.Uses, timeToLive ?? GrantTerms.Default.TimeToLive);
    }
}
