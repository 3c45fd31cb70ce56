using System.Globalization;
using System.Text;
using System.Text.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Cli.Action;

/// <summary>
/// What an action would do and what became of it before anybody decides: the sentences of the console's page, because
/// whoever approves in a terminal has to be told the same.
/// </summary>
internal static class ActionEffects
{
    private const int LabelWidth = 12;

    public static void Append(StringBuilder text, JsonElement action)
    {
        text.AppendLine();
        foreach (var line in EffectLines.Of(PayloadJson.PreviewOf(action), isFirst: null))
        {
            AppendLine(text, line);
        }

        if (action.GetProperty("review") is not { ValueKind: JsonValueKind.Object } review)
        {
            return;
        }

        foreach (var line in Items(review, "dry_runs").SelectMany(
            run => DryRunLines.Of("Dry run", RehearsalPayload.ReadFinding(run))))
        {
            AppendLine(text, line);
        }

        foreach (var change in Items(review, "changes"))
        {
            AppendLine(text, new LabelledText(
                "Changed by",
                $"{ActionText.Show(change.GetProperty("person"))} at "
                + change.GetProperty("at").GetDateTimeOffset().ToString(
                    "yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
                + (ActionText.Show(change.GetProperty("comment")) is { Length: > 0 } why ? $": {why}" : ""))
            {
                Warns = true,
            });
            AppendLine(text, new LabelledText(
                "It was", DisplayText.OneLine(change.GetProperty("before").GetRawText()).Text));
        }
    }

    /// <summary>An older server has fewer members.</summary>
    private static JsonElement.ArrayEnumerator Items(JsonElement of, string name) =>
        of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray()
            : default;

    private static void AppendLine(StringBuilder text, LabelledText line) =>
        text.AppendLine($"{(line.Warns ? "! " : "  ")}{line.Label.PadRight(LabelWidth)} {line.Text}");
}
