using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>Says what a dry run found, in the same words on a page and in a terminal.</summary>
internal static class DryRunLines
{
    public static IEnumerable<LabelledText> Of(string label, RehearsalFinding finding)
    {
        var rows = finding.Rows is { } count ? $"{count:N0} rows; " : "";
        yield return finding.Error is { } error
            ? new LabelledText(label, $"Would fail: {Words.OneLine(error)}") { Warns = true }
            : new LabelledText(label, $"{rows}{Words.OneLine(string.Join(", ", finding.Commands))}; rolled back");
        foreach (var warning in finding.Warnings)
        {
            yield return new LabelledText("Not undone", Words.OneLine(warning)) { Warns = true };
        }
    }
}
