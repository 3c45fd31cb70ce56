using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Policies;

namespace Countersign.Server.Cli.Policy;

/// <summary>What <c>policy check</c> found: <c>{policy, default, rules[], errors[], warnings[]}</c>.</summary>
internal static class CheckReport
{
    public static JsonElement Of(Core.Policies.Policy policy, ImmutableArray<string> warnings) =>
        JsonSerializer.SerializeToElement(new
        {
            policy = policy.Hash.Value,
            @default = Spell(policy.Default),
            rules = policy.Rules.Select(rule => new
            {
                id = rule.Id.Value,
                effect = Spell(rule.Effect),
                gates = rule.Gates.Select(gate => gate.ToText()),
                file = rule.At.File,
                line = rule.At.Line,
                column = rule.At.Column,
            }),
            errors = Array.Empty<string>(),
            warnings,
        });

    public static JsonElement Of(ImmutableArray<PolicyError> errors) => JsonSerializer.SerializeToElement(new
    {
        rules = Array.Empty<string>(),
        errors = errors.Select(error => new
        {
            file = error.At.File,
            line = error.At.Line,
            column = error.At.Column,
            message = error.Message,
            suggestion = error.Suggestion,
        }),
        warnings = Array.Empty<string>(),
    });

    /// <summary>One line a rule: its id, what it does, and its gates.</summary>
    public static string ToText(JsonElement report)
    {
        var rules = report.GetProperty("rules").EnumerateArray().ToList();
        var width = rules.Select(rule => Text(rule, "id").Length).DefaultIfEmpty(0).Max();
        return string.Join('\n', [
            .. rules.Select(rule => $"{Text(rule, "id").PadRight(width)}  {Text(rule, "effect"),-7}  {Gates(rule)}"),
            $"default: {Text(report, "default")}",
            $"policy: {Text(report, "policy")}",
        ]);
    }

    private static string Gates(JsonElement rule)
    {
        var gates = rule.GetProperty("gates").EnumerateArray().Select(gate => gate.GetString()).ToList();
        return gates.Count == 0 ? "no gate: it never applies" : string.Join(", ", gates);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static string Spell(VerdictOutcome outcome) => outcome.ToString().ToLowerInvariant();
}
