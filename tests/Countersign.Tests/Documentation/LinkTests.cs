using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Tests.Architecture;

namespace Countersign.Tests.Documentation;

/// <summary>A page that sends people nowhere is worse than none.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Every_relative_link_leads_to_a_file_and_a_heading_that_exist() => Assert.Empty(
        from page in Pages.All
        from line in page.Lines.Index()
        from Match link in Link().Matches(line.Item)
        let target = link.Groups[1].Value
        where !IsElsewhere(target) && !Resolves(page, target)
        select $"{page.Path}:{line.Index + 1}: {target}");

    [Fact]
    public void Every_json_block_is_json() => Assert.Empty(
        Pages.Blocks.Where(block => block.Language == "json" && !IsJson(block.Text)).Select(block => block.ToString()));

    private static bool IsElsewhere(string target) =>
        target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal);

    private static bool Resolves(SourceFile page, string target)
    {
        var (path, anchor) = target.Split('#') is [var before, var after] ? (before, after) : (target, "");
        var folder = Path.GetDirectoryName(page.Path) ?? "";
        var full = path.Length == 0 ? RepositoryRoot.Combine(page.Path) : RepositoryRoot.Combine(folder, path);
        return (File.Exists(full) || Directory.Exists(full)) && (anchor.Length == 0 || HasHeading(full, anchor));
    }

    private static bool HasHeading(string file, string anchor) => File.ReadLines(file)
        .Where(line => line.StartsWith('#'))
        .Select(line => line.TrimStart('#').Trim().ToLowerInvariant())
        .Any(heading => NotInAnchor().Replace(heading, "").Replace(' ', '-') == anchor);

    private static bool IsJson(string text)
    {
        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
