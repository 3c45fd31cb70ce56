using Countersign.Gates.Http.GraphQl;

namespace Countersign.Tests.Http;

/// <summary>What a GraphQL document asks the root of the schema for, whatever it calls it (THR-073).</summary>
public sealed class GraphQlTests
{
    [Theory]
    [InlineData("{ me { id } }", "query", "me")]
    [InlineData("query { a: me { id } }", "query", "me")]
    [InlineData("mutation M($id: ID! = \"}\") @live { gone: deleteUser(id: $id) { id } }", "mutation", "deleteUser")]
    [InlineData("mutation { ...F } fragment F on Mutation { deleteUser ...G } fragment G on Mutation { wipe }",
        "mutation", "deleteUser,wipe")]
    [InlineData("mutation { ... on Mutation { deleteUser } ... @include(if: true) { wipe } }",
        "mutation", "deleteUser,wipe")]
    [InlineData("# mutation { x }\nquery { me }", "query", "me")]
    [InlineData("query { me(a: \"mutation { deleteUser }\", b: \"\"\"}{ \\\"\"\" \"\"\") }", "query", "me")]
    [InlineData("{ search(filter: {a: [1, -2.5e3, $v, ENUM, null]}) { on { query } } }", "query", "search")]
    [InlineData("subscription { events }", "subscription", "events")]
    [InlineData("{,,me,,,}", "query", "me")]
    public void A_document_says_what_it_asks_for(string text, string type, string fields)
    {
        var facts = GraphQlDocument.Parse(text).Describe(name: null);

        Assert.Equal((type, fields), (facts.Type, string.Join(',', facts.Fields)));
    }

    [Fact]
    public void The_operation_that_is_named_counts()
    {
        var document = GraphQlDocument.Parse("query A { me } mutation B { wipe }");

        Assert.Equal("query", document.Describe("A").Type);
        Assert.Equal("mutation", document.Describe("B").Type);
        Assert.Throws<FormatException>(() => document.Describe(null));
        Assert.Throws<FormatException>(() => document.Describe("C"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("query {")]
    [InlineData("query { }")]
    [InlineData("type A { b: C }")]
    [InlineData("{ a ")]
    [InlineData("{ a(b: \"x }")]
    [InlineData("{ a(b: \"\"\"x }")]
    [InlineData("{ a(b: 1 }")]
    [InlineData("{ ...Missing }")]
    [InlineData("{ a } { b }")]
    [InlineData("{ a ; }")]
    [InlineData("fragment F on A { a } fragment F on A { b } { ...F }")]
    public void What_is_no_executable_document_is_refused(string text) => Assert.Throws<FormatException>(
        () => GraphQlDocument.Parse(text).Describe(name: null));

    [Fact]
    public void A_document_that_refers_to_itself_or_is_deep_or_long_ends()
    {
        Assert.Equal(
            ["a"], GraphQlDocument.Parse("{ ...F } fragment F on Q { a ...F }").Describe(null).Fields.ToArray());
        Assert.Throws<FormatException>(() => GraphQlDocument.Parse(
            string.Concat(Enumerable.Repeat("{a", 10_000)) + new string('}', 10_000)));
        Assert.Throws<FormatException>(
            () => GraphQlDocument.Parse("{" + string.Concat(Enumerable.Repeat("a ", 60_000))));
    }

    [Fact]
    public void Noise_ends_in_a_refusal_and_never_in_a_crash() => Gen.Fuzz(3_000, random =>
    {
        string[] pieces =
            ["{", "}", "(", ")", "...", "on", "a", "@", ":", "\"", "\"\"\"", "query", "$", "1", " ", "#", "\n"];
        var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)]));
        try
        {
            GraphQlDocument.Parse(text).Describe(null);
        }
        catch (FormatException)
        {
            // Refused, as it should be.
        }
    });
}
