using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Server.Configuration;
using Countersign.Tests.Support;

namespace Countersign.Tests.Documentation;

/// <summary>What a page tells people to write must load: the first line of a block says which file it is.</summary>
public sealed class YamlExampleTests
{
    private const string ConfigurationMark = "# countersign.yaml";
    private const string PolicyMark = "# policies/";

    /// <summary>The pages of the language itself show fragments.</summary>
    private const string PagesWithFragments = "docs/reference/policy";

    public static TheoryData<string, int> Configurations => Pages.Theory(Yaml.Where(IsConfiguration));

    public static TheoryData<string, int> Policies => Pages.Theory(Yaml.Where(IsPolicy));

    private static IEnumerable<CodeBlock> Yaml => Pages.Blocks.Where(block => block.Language == "yaml");

    [Fact]
    public void Every_yaml_block_says_which_file_it_is() => Assert.Empty(Yaml
        .Where(block => !IsConfiguration(block) && !IsPolicy(block))
        .Where(block => !block.Page.StartsWith(PagesWithFragments, StringComparison.Ordinal))
        .Select(block => block.ToString()));

    [Theory]
    [MemberData(nameof(Configurations))]
    public void A_configuration_of_a_page_loads(string page, int line) =>
        Assert.NotEmpty(Load(Pages.BlockAt(page, line)).People.Persons);

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_policy_of_a_page_loads_with_the_people_of_that_page(string page, int line)
    {
        var block = Pages.BlockAt(page, line);
        var text = new PolicyText(block.FirstLine[2..], block.Text);

        var load = Policy.Load([text], PeopleOf(page));

        Assert.True(load is PolicyLoad.Loaded, load.ToString());
    }

    private static People? PeopleOf(string page) =>
        Yaml.FirstOrDefault(block => block.Page == page && IsConfiguration(block)) is { } configuration
            ? Load(configuration).People
            : null;

    private static Settings Load(CodeBlock block)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("countersign.yaml");
        File.WriteAllText(path, block.Text);
        Directory.CreateDirectory(folder.PathOf("policies"));
        File.WriteAllText(folder.PathOf("policies/deny.yaml"), "version: 1\ndefault: deny\n");
        return SettingsFile.Load(path, ValueOf);
    }

    /// <summary>Secrets are named by the pages; what an OpenTelemetry collector may be told is not.</summary>
    private static string? ValueOf(string variable) => variable switch
    {
        _ when variable.StartsWith("OTEL_", StringComparison.Ordinal) => null,
        _ when variable.EndsWith("_DSN", StringComparison.Ordinal) => "postgresql://user:password@db.internal/name",
        _ => $"the value of {variable}",
    };

    private static bool IsConfiguration(CodeBlock block) => block.FirstLine == ConfigurationMark;

    private static bool IsPolicy(CodeBlock block) => block.FirstLine.StartsWith(PolicyMark, StringComparison.Ordinal);
}
