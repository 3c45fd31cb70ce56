using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Cel;

namespace Countersign.Server.Cli.Policy;

/// <summary>
/// What <c>policy eval</c> found: the value in the shape of the conformance data, and
/// <c>{type, cost, limit, steps, gates[], reads[], unknown[]}</c>.
/// </summary>
internal static class EvalReport
{
    public static JsonElement Of(Trial trial)
    {
        var report = CelJson.Print(trial.Value);
        report["type"] = trial.Program.ResultType.ToString();
        report["cost"] = trial.Program.Cost;
        report["limit"] = CelLimits.Default.Cost;
        report["steps"] = trial.Steps;
        report["gates"] = Texts(trial.Gates.Select(gate => gate.ToText()));
        report["reads"] = Texts(trial.Program.Reads.Order(StringComparer.Ordinal));
        report["unknown"] = Texts(trial.Unknown);
        return JsonSerializer.SerializeToElement(report);
    }

    public static JsonElement Of(ImmutableArray<CelError> errors) => JsonSerializer.SerializeToElement(new
    {
        t = "error",
        reason = errors[0].ToString(),
        errors = errors.Select(error => new
        {
            line = error.Line,
            column = error.Column,
            message = error.Message,
            suggestion = error.Suggestion,
        }),
    });

    public static string ToText(Trial trial)
    {
        List<string> lines =
        [
            Show(trial.Value),
            $"type: {trial.Program.ResultType}",
            $"cost: at most {trial.Program.Cost} of {CelLimits.Default.Cost} steps; this took {trial.Steps}",
            $"gates: {trial.Gates}",
        ];
        if (!trial.Unknown.IsEmpty)
        {
            lines.Add($"unknown: {string.Join(", ", trial.Unknown)}");
        }

        if (trial.Value.IsError)
        {
            lines.Add("without an answer, a deny or require rule matches and an allow rule does not");
        }

        return string.Join('\n', lines);
    }

    /// <summary>Scalars as they are written in a condition; lists and maps as typed JSON.</summary>
    public static string Show(CelValue value) => value.Kind is CelKind.List or CelKind.Map or CelKind.Bytes
        ? CelJson.Print(value).ToJsonString()
        : value.ToString();

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode)text)];
}
