using Countersign.Core.Policies.Inputs;

namespace Countersign.Core.Policies.Checking;

/// <summary>Refuses rules that cannot mean what their author wanted, each looked at by itself.</summary>
internal static class RuleChecks
{
    public static void Check(Rule rule, PolicyErrors errors)
    {
        if (rule.Effect == VerdictOutcome.Allow)
        {
            CheckAllow(rule, errors);
            return;
        }

        if (rule.Gates.IsEmpty)
        {
            errors.Add(
                rule.Condition.At,
                $"no gate has every fact that rule '{rule.Id}' reads ({Facts(rule)}), so it would never hold " +
                "anything; write one rule for each gate");
        }
    }

    /// <summary>What an agent says may make a verdict stricter, never looser.</summary>
    private static void CheckAllow(Rule rule, PolicyErrors errors)
    {
        if (rule.Condition.ReadsClaimed)
        {
            errors.Add(
                rule.Condition.At,
                $"rule '{rule.Id}' allows because of 'claimed', which the agent writes itself; read facts of the " +
                "action");
        }
    }

    private static string Facts(Rule rule) => string.Join(
        ", ",
        rule.Condition.Program.Reads
            .Where(name => PolicySchema.Instance.Facts.TryGetValue(name, out var fact) && fact.Gates != GateSet.All)
            .Order(StringComparer.Ordinal)
            .Select(name => $"{name}: {PolicySchema.Instance.Facts[name].Gates}"));
}
