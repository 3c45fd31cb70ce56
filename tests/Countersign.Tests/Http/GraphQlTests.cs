using System.Text;
using Countersign.Core.Actions.Json;
using Countersign.Gates.Http;
using Countersign.Gates.Http.GraphQl;
using Microsoft.AspNetCore.Http;

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

    [Theory]
    [InlineData("POST", "", """{"query":"{me}","operationName":null,"variables":{"id":1},"extensions":{}}""")]
    [InlineData("POST", "api-version=3", """{"query":"{me}"}""")]
    [InlineData("GET", "query={me}&variables={}", "")]
    public void A_request_says_what_it_runs_in_one_place(string method, string query, string body) =>
        Assert.Equal("query", Read(method, query, body).Facts?.Type);

    /// <summary>
    /// What express-graphql and others run is what stands in the address, whatever the body says.
    /// </summary>
    [Theory]
    [InlineData("POST", "query=mutation{wipe}", """{"query":"{me}"}""")]
    [InlineData("POST", "Query=mutation{wipe}", """{"query":"{me}"}""")]
    [InlineData("POST", "operationName=B", """{"query":"query A{me} mutation B{wipe}","operationName":"A"}""")]
    [InlineData("POST", "variables={}", """{"query":"{me}"}""")]
    [InlineData("POST", "extensions={}", """{"query":"{me}"}""")]
    [InlineData("POST", "documentId=7", """{"query":"{me}"}""")]
    [InlineData("POST", "", """{"query":"{me}","documentId":"7"}""")]
    [InlineData("POST", "", """{"query":"{me}","id":"7"}""")]
    [InlineData("GET", "query={me}&doc_id=7", "")]
    [InlineData("GET", "query={me}", """{"operationName":"B"}""")]
    [InlineData("GET", "query={me}&query=mutation{wipe}", "")]
    [InlineData("GET", "query=mutation{wipe}", "")]
    public void What_a_server_could_read_from_two_places_is_refused(string method, string query, string body)
    {
        var (facts, whyNot) = Read(method, query, body);

        Assert.Null(facts);
        Assert.NotEmpty(whyNot!);
    }

    private static (GraphQlFacts? Facts, string? WhyNot) Read(string method, string query, string body)
    {
        Assert.True(HttpPath.TryRead("/graphql", out var path, out _));
        Assert.True(HttpQuery.TryDecode(query, out var parameters, out var whyNot), whyNot);
        var given = new HeaderDictionary { ["Content-Type"] = "application/json" };
        Assert.True(HttpHeaders.TryRead(given, [], out var headers, out _));
        Assert.True(HttpBody.TryRead(
            Encoding.UTF8.GetBytes(body), headers, JsonLimits.Default, new HttpLimits(), out var read, out whyNot),
            whyNot);
        return GraphQlReader.Read(new HttpCall(method, path, parameters, headers, read));
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
