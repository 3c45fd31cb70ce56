namespace Countersign.Tests.Architecture;

/// <summary>
/// The rules of style that are worth arguing about only once; <see cref="TidyRulesTests"/> shows that each can fail.
/// </summary>
public sealed class TidyTests
{
    [Fact]
    public void No_line_of_code_is_wider_than_the_limit() => None(Repository.CSharp, TextRules.LongLines);

    [Fact]
    public void No_tab_stands_in_code() => None(Repository.Code, TextRules.Tabs);

    [Fact]
    public void Every_line_of_code_ends_with_LF_alone() => None(Repository.Code, TextRules.LineEndings);

    [Fact]
    public void Every_file_of_code_ends_with_one_newline() => None(Repository.Code, TextRules.FinalNewline);

    [Fact]
    public void No_file_of_code_is_longer_than_the_limit() => None(Repository.Code, TextRules.LongFile);

    [Fact]
    public void No_code_keeps_notes_about_work_left_to_do() => None(Repository.Code, TextRules.Unfinished);

    [Fact]
    public void No_code_is_folded_into_regions() => None(Repository.CSharp, TextRules.Regions);

    [Fact]
    public void Every_disabled_warning_has_its_reason_on_the_line() =>
        None(Repository.CSharp, TextRules.PragmasWithoutReason);

    [Fact]
    public void No_file_names_a_path_of_one_machine() => None(Repository.TextFiles, TextRules.MachinePaths);

    [Fact]
    public void No_file_names_a_package_registry() => None(Repository.TextFiles, TextRules.Registries);

    [Fact]
    public void At_most_one_method_in_two_hundred_is_long() =>
        Finding.AssertNone(TreeRules.TooManyLongMethods([.. Repository.CSharp]));

    [Fact]
    public void No_method_is_endless() => None(Repository.CSharp, SyntaxRules.EndlessMethods);

    [Fact]
    public void No_method_is_nested_deeper_than_the_limit() => None(Repository.CSharp, SyntaxRules.DeepNesting);

    [Fact]
    public void No_type_has_a_name_that_says_nothing() => None(Repository.CSharp, SyntaxRules.NamesThatSayNothing);

    [Fact]
    public void Every_cancellation_token_is_the_last_parameter_and_has_no_default() =>
        None(Repository.Product, SyntaxRules.MisplacedTokens);

    [Fact]
    public void No_catch_is_silent() => None(Repository.CSharp, SyntaxRules.SilentCatches);

    [Fact]
    public void No_catch_takes_everything_without_a_word() => None(Repository.CSharp, SyntaxRules.CatchesOfEverything);

    [Fact]
    public void Interfaces_are_rare() => Finding.AssertNone(TreeRules.TooManyInterfaces([.. Repository.Product]));

    [Fact]
    public void Classes_are_sealed() => Finding.AssertNone(TreeRules.TooManyOpenClasses([.. Repository.Product]));

    [Theory]
    [InlineData("src/Countersign.Gates")]
    [InlineData("src/Countersign.Server")]
    public void Few_types_of_an_inner_project_are_public(string project) =>
        Finding.AssertNone(TreeRules.TooManyPublicTypes([.. Repository.Product.Where(file => file.IsUnder(project))]));

    [Fact]
    public void The_root_of_the_repository_fits_one_sight() =>
        Finding.AssertNone(TreeRules.TooManyRootEntries(Repository.Paths));

    [Theory]
    [InlineData("docs/architecture.md")]
    [InlineData("docs/glossary.md")]
    public void Every_type_and_path_that_a_page_mentions_exists(string page)
    {
        IReadOnlySet<string> types = TreeRules.TypeNames(Repository.Code);

        Finding.AssertNone(Repository.TextFiles
            .Where(file => file.Path == page)
            .SelectMany(file => TreeRules.MissingNames(file, types, IsInRepository)));
    }

    private static void None(IEnumerable<SourceFile> files, Func<SourceFile, IEnumerable<Finding>> rule) =>
        Finding.AssertNone(files.SelectMany(rule));

    private static bool IsInRepository(string path) => Repository.Paths.Any(
        file => file == path || file.StartsWith($"{path}/", StringComparison.Ordinal));
}
