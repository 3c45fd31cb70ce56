using System.Text;
using Countersign.Core.Policies;
using static Countersign.Tests.Policies.PolicyFixture;

namespace Countersign.Tests.Policies;

public sealed class HostilePolicyTests
{
    [Theory]
    [InlineData("[")]
    [InlineData("{")]
    [InlineData("- ")]
    [InlineData("? ")]
    [InlineData("{a: ")]
    public void Endless_nesting_is_refused(string opening) =>
        Assert.IsType<PolicyLoad.Refused>(Load("version: 1\nrules: " + Repeat(opening, 20_000)));

    [Fact]
    public void A_condition_of_endless_parentheses_is_refused() =>
        Assert.IsType<PolicyLoad.Refused>(Load(Rules($"deny: {Repeat("(", 10_000)}true{Repeat(")", 10_000)}")));

    [Fact]
    public void A_file_beyond_the_limit_is_refused() =>
        Assert.Equal(
            "policy.yaml:1:1: the file has more than 4194304 characters; split it",
            Errors("#" + new string('x', PolicyLimits.FileLength)));

    [Fact]
    public void More_rules_than_the_limit_are_refused()
    {
        var yaml = new StringBuilder("version: 1\nrules:\n");
        for (int i = 0; i <= PolicyLimits.Rules; i++)
        {
            yaml.Append("- { id: r").Append(i).Append(", when: sql.opaque, then: deny }\n");
        }

        Assert.Equal(
            "policy.yaml:10003:9: more than 10000 rules; merge rules that say the same", Errors(yaml.ToString()));
    }

    [Fact]
    public void More_files_than_the_limit_are_refused() =>
        Assert.IsType<PolicyLoad.Refused>(
            Policy.Load([.. Enumerable.Range(0, 1_001).Select(i => new PolicyText($"{i}", "version: 1"))], null));

    [Fact]
    public void A_flood_of_errors_is_cut()
    {
        string yaml = "version: 1\nrules: [" + Repeat("{},", 500) + "]";

        Assert.Equal(PolicyLimits.Errors, Assert.IsType<PolicyLoad.Refused>(Load(yaml)).Errors.Length);
    }

    [Fact]
    public void A_byte_order_mark_moves_nothing() =>
        Assert.StartsWith("policy.yaml:1:10: version '3'", Errors("\uFEFFversion: 3"), StringComparison.Ordinal);

    [Fact]
    public void Windows_line_ends_move_nothing() =>
        Assert.StartsWith(
            "policy.yaml:5:11: 'sql' has no member 'x'",
            Errors("version: 1\r\nrules:\r\n- id: a\r\n  when: |\r\n      sql.x\r\n  then: deny\r\n"),
            StringComparison.Ordinal);

    [Fact]
    public void Broken_text_is_refused_and_never_throws()
    {
        const string hazards = "\0\t\n\r{}[]:,-?&*!|>'\"%@`# ~a\\";
        const string whole = "version: 1\ndefault: { deny: , reason: \"a\\n b\" }\nrules:\n" +
            "- id: 'a'\n  when: |\n    sql.opaque\n  then: deny\n";
        var random = new Random(42);
        for (int i = 0; i < 5_000; i++)
        {
            char[] text = whole.ToCharArray();
            for (int hits = 0; hits < 3; hits++)
            {
                text[random.Next(text.Length)] = hazards[random.Next(hazards.Length)];
            }

            if (Load(new string(text)) is PolicyLoad.Refused refused)
            {
                Assert.All(refused.Errors, error => Assert.True(error.At is { Line: > 0, Column: > 0 }));
            }
        }
    }

    [Fact]
    public void An_assertion_with_very_many_cases_ends()
    {
        string conditions = string.Join(
            " || ",
            Enumerable.Range(0, 200)
                .Select(i => $"(action.operation.contains(\"{i}\") && !target.name.contains(\"{i}\"))"));
        string yaml = $"version: 1\nrules:\n- {{ id: a, when: '{conditions}', then: allow }}\n" +
            $"- {{ id: b, when: '!({conditions})', then: deny }}\nassert: [ {{ never: allow, when: sql.opaque }} ]";

        Assert.Contains("at postgres rule 'a' breaks it", Errors(yaml), StringComparison.Ordinal);
    }

    [Fact]
    public void Choices_inside_one_another_are_compared_without_doubling_the_work()
    {
        string choice = Repeat("(", 60) + "sql.opaque" + Repeat(" ? sql.no_where : sql.opaque)", 60);

        Loaded(Rules($"require: {choice}", $"allow: !({choice})"));
    }

    [Fact]
    public void Very_many_bounds_of_one_number_are_no_deep_recursion()
    {
        string Bounds(int first) => string.Join(
            " || ", Enumerable.Range(first * 500, 500).Select(i => $"preview.rows == {i * 2}"));
        var strict = Enumerable.Range(0, 60).Select(i => $"require: {Bounds(i)}");

        Loaded(Rules([.. strict, "allow: sql.opaque && preview.rows < 9"]));
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
