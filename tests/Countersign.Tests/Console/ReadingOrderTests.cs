using System.Text.RegularExpressions;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Tests.Console;

/// <summary>Letters that are read from right to left: the reader is told, and the order on screen is that of the bytes.
/// </summary>
public sealed partial class ReadingOrderTests
{
    [Fact]
    [Trait("Threat", "THR-035"), Trait("CWE", "1007")]
    public void A_finding_says_that_such_letters_are_shown_as_they_are_and_what_they_may_do() => Assert.Equal(
        "The arguments hold letters that are read from right to left; they are shown as they are, and may change the " +
        "order in which their neighbours are shown.",
        Assert.Single(FindingLines.InText("The arguments", DisplayText.Lines("אבא").Flags)));

    [Theory]
    [InlineData(".exact")]
    [InlineData(".diff :is(del, ins, span)")]
    [InlineData(".row-what")]
    [InlineData(".card > header h1")]
    [InlineData(".claimed .said")]
    [InlineData("textarea.code")]
    [Trait("Threat", "THR-035"), Trait("CWE", "1007")]
    public void What_an_agent_wrote_stands_in_the_order_of_its_bytes(string selector)
    {
        var rules = Rule().Matches(File.ReadAllText(
            RepositoryRoot.Combine("src/Countersign.Server/Console/Assets/console.css")));

        Assert.Contains(rules, rule => Selector().Split(rule.Groups[1].Value.Trim()).Contains(selector)
            && rule.Groups[2].Value.Contains("direction: ltr", StringComparison.Ordinal)
            && rule.Groups[2].Value.Contains("unicode-bidi: bidi-override", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"([^{}/]+)\{([^{}]*)\}")]
    private static partial Regex Rule();

    [GeneratedRegex(@",\s*(?![^(]*\))")]
    private static partial Regex Selector();
}
