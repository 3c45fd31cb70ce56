using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Secrets;

namespace Countersign.Tests.Redaction;

/// <summary>
/// Every row of the tables finds three tokens of its form, and none of three that only look like them.
/// </summary>
public sealed class TokenTableTests
{
    private const int FewestKinds = 150;

    private static readonly Redactor Redactor = new(RedactionPlan.Create(new RedactionOptions
    {
        Kinds = DataKinds.Named("secrets"),
    }));

    public static TheoryData<string> Names => [.. TokenTable.Rows.Select(row => row.Name)];

    [Fact]
    public void There_are_enough_kinds_and_no_two_have_one_name()
    {
        Assert.True(TokenTable.Rows.Length >= FewestKinds);
        Assert.Equal(TokenTable.Rows.Length, TokenTable.Rows.Select(row => row.Name).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Three_tokens_are_found_whole_by_their_kind(string name)
    {
        var row = TokenTable.Rows.Single(each => each.Name == name);
        var made = new Made(name.Length);
        for (var i = 0; i < 3; i++)
        {
            var token = made.Token(row, i);
            string[] templates = [$"export KEY={token}", $"\"key\": \"{token}\",", $"use {token} for it"];
            var text = templates[i];

            var span = Assert.Single(Redact(text));

            Assert.Equal(token, text[span.Start..span.End]);
            Assert.True(IsSameForm(row, span.Kind.Name), $"{token} is found as {span.Kind}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Three_near_misses_are_not_taken_for_the_kind(string name)
    {
        var row = TokenTable.Rows.Single(each => each.Name == name);
        var made = new Made(name.Length);
        var token = made.Token(row, 0);
        var prefix = row.Prefixes[0];
        string[] misses =
        [
            // Glued to another word, cut off, and a placeholder.
            $"see x{token} there",
            $"see {token[..(prefix.Length + 2)]} there",
            $"see {Placeholder(row)} there",
        ];

        Assert.All(misses, text => Assert.DoesNotContain(Redact(text), span => span.Kind.Name == name));
    }

    [Fact]
    public void A_word_that_goes_on_behind_the_form_is_no_token()
    {
        var token = new Made(2).Token(TokenTable.Rows.Single(each => each.Name == "databricks-token"), 0);

        Assert.Single(Redact($"see {token} there"));
        Assert.Empty(Redact($"see {token}Z there"));
    }

    [Fact]
    public void A_token_that_was_broken_over_lines_is_found()
    {
        var row = TokenTable.Rows.Single(each => each.Name == "github-token");
        var token = new Made(1).Token(row, 0);
        var broken = $"first {token[..17]}\n    {token[17..30]} \n{token[30..]} last";

        var span = Assert.Single(Redact(broken));

        Assert.Equal(("first ".Length, broken.Length - " last".Length), (span.Start, span.End));
    }

    private static IEnumerable<RedactionSpan> Redact(string text) =>
        Redactor.Find(text).Where(span => span.Kind != DataKinds.AssignedSecret);

    /// <summary>Two services may give out tokens of one form; either name is right.</summary>
    private static bool IsSameForm(TokenRow row, string found) =>
        row.Name == found
        || TokenTable.Rows.Any(each => each.Name == found && each.Prefixes.Intersect(row.Prefixes).Any());

    private static string Placeholder(TokenRow row) => row.Prefixes[0] + string.Concat(row.Shape.Parts.Select(
        part => part.Alphabet is null
            ? System.Text.Encoding.ASCII.GetString(part.Literal)
            : new string(part.Alphabet.Characters[^1] == '=' ? 'x' : part.Alphabet.Characters[0], part.Least)));
}
