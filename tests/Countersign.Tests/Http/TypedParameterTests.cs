using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Countersign.Gates.Http.OpenApi;

namespace Countersign.Tests.Http;

/// <summary>
/// A parameter that the OpenAPI document gives a type to is a value of that type, or nothing that a rule allows.
/// </summary>
public sealed class TypedParameterTests
{
    private const string Document = """
        openapi: 3.1.0
        info: { title: Shop, version: "1" }
        paths:
          /orders/{id}:
            parameters:
              - { name: id, in: path, required: true, schema: { type: string } }
              - { $ref: "#/components/parameters/Limit" }
            get:
              operationId: getOrders
              parameters:
                - { name: id, in: path, required: true, schema: { type: integer } }
                - { name: price, in: query, schema: { type: [ number, "null" ] } }
                - { name: dry, in: query, schema: { $ref: "#/components/schemas/Flag" } }
                - { name: tag, in: query, schema: { type: array, items: { type: integer } } }
                - { name: flat, in: query, explode: false, schema: { type: array, items: { type: integer } } }
                - { name: piped, in: query, style: pipeDelimited, schema: { type: array, items: { type: integer } } }
                - { name: any, in: query, schema: { type: [ integer, string ] } }
                - { name: lost, in: query, schema: { $ref: "other.yaml#/Lost" } }
                - { $ref: "other.yaml#/Parameter" }
                - { name: X-Rows, in: header, schema: { type: array, items: { type: integer } } }
                - { name: X-Depth, in: header, schema: { type: integer } }
                - { name: Accept, in: header, schema: { type: integer } }
                - { name: seen, in: cookie, schema: { type: integer } }
            put: { operationId: putOrders }
        components:
          parameters:
            Limit: { name: limit, in: query, schema: { type: integer, format: int32 } }
          schemas:
            Flag: { type: boolean }
        """;

    private const string Policy = """
        version: 1
        default: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ], assurance: token } }
        rules:
          - id: few
            when: >-
              action.gate == "http" && http.operation_id == "getOrders" && http.parameters.path.id > 0
              && (!has(http.parameters.query.limit) || http.parameters.query.limit <= 100)
              && (!("x-rows" in http.parameters.header) || http.parameters.header["x-rows"].all(row, row < 10))
            then: allow
          - id: many
            reason: So much at once is for nobody.
            when: >-
              action.gate == "http" && http.operation_id == "getOrders" && has(http.parameters.query.limit)
              && http.parameters.query.limit > 1000
            then: deny
          - id: writes
            when: action.gate == "http" && http.operation_id == "putOrders"
            then: allow
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("integer", "0", "0")]
    [InlineData("integer", "-7", "-7")]
    [InlineData("integer", "9223372036854775807", "9223372036854775807")]
    [InlineData("integer", "-9223372036854775808", "-9223372036854775808")]
    [InlineData("integer", "9223372036854775808", null)]
    [InlineData("integer", "18446744073709551617", null)]
    [InlineData("integer", "1e3", null)]
    [InlineData("integer", "1.0", null)]
    [InlineData("integer", "+1", null)]
    [InlineData("integer", "%2B1", null)]
    [InlineData("integer", " 1", null)]
    [InlineData("integer", "1 ", null)]
    [InlineData("integer", "1\n", null)]
    [InlineData("integer", "0x10", null)]
    [InlineData("integer", "007", null)]
    [InlineData("integer", "-0", null)]
    [InlineData("integer", "-", null)]
    [InlineData("integer", "--1", null)]
    [InlineData("integer", "", null)]
    [InlineData("integer", "1,2", null)]
    [InlineData("integer", "1_000", null)]
    [InlineData("integer", "１", null)]
    [InlineData("integer", "٣", null)]
    [InlineData("integer", "1\u0000", null)]
    [InlineData("integer", "null", null)]
    [InlineData("number", "1e3", "1000")]
    [InlineData("number", "-0.50", "-0.5")]
    [InlineData("number", "7", "7")]
    [InlineData("number", "1e999", null)]
    [InlineData("number", "NaN", null)]
    [InlineData("number", "Infinity", null)]
    [InlineData("number", "+1.5", null)]
    [InlineData("number", ".5", null)]
    [InlineData("number", "5.", null)]
    [InlineData("number", "01.5", null)]
    [InlineData("number", "-01.5", null)]
    [InlineData("number", "1 ", null)]
    [InlineData("number", "1,5", null)]
    [InlineData("number", "0.1000000000000000000000000000000000001", null)]
    [InlineData("boolean", "true", "true")]
    [InlineData("boolean", "false", "false")]
    [InlineData("boolean", "True", null)]
    [InlineData("boolean", "1", null)]
    [InlineData("boolean", "", null)]
    [InlineData("string", "", "\"\"")]
    [InlineData("string", " +1", "\" \\u002B1\"")]
    public void A_text_is_a_value_of_the_type_only_where_every_parser_reads_it_so(
        string type, string text, string? value)
    {
        var described = ParameterOf($$$"""{"name":"p","in":"query","schema":{"type":"{{{type}}}"}}""");

        Assert.Equal(value is not null, described!.TryRead([text], out var read));
        Assert.Equal(value, read?.ToJsonString());
    }

    [Theory]
    [InlineData("""{"name":"p","in":"query","schema":{"type":"integer","format":"int32"}}""", "2147483647", true)]
    [InlineData("""{"name":"p","in":"query","schema":{"type":"integer","format":"int32"}}""", "2147483648", false)]
    [InlineData("""{"name":"p","in":"query","schema":{"type":"integer","format":"int64"}}""", "2147483648", true)]
    [InlineData("""{"name":"p","in":"path","schema":{"type":"array","items":{"type":"integer"}}}""", "3,4", true)]
    [InlineData("""{"name":"p","in":"path","schema":{"type":"array","items":{"type":"integer"}}}""", "3, 4", false)]
    [InlineData("""{"name":"p","in":"header","schema":{"type":"array","items":{"type":"integer"}}}""", "3, 4", true)]
    [InlineData("""{"name":"p","in":"header","schema":{"type":"array","items":{"type":"integer"}}}""", "3,", false)]
    [InlineData("""{"name":"p","in":"query","schema":{"type":"array","items":{"type":"integer"}}}""", "3,4", false)]
    public void Formats_and_styles_count(string parameter, string text, bool fits) =>
        Assert.Equal(fits, ParameterOf(parameter)!.TryRead([text], out _));

    [Theory]
    [InlineData("""{"name":"p","in":"query"}""")]
    [InlineData("""{"name":"p","in":"query","content":{"application/json":{"schema":{"type":"integer"}}}}""")]
    [InlineData("""{"name":"p","in":"query","schema":{"type":["integer","boolean"]}}""")]
    [InlineData("""{"name":"p","in":"query","schema":{"oneOf":[{"type":"integer"}]}}""")]
    [InlineData("""{"name":"p","in":"query","schema":{"type":"object"}}""")]
    [InlineData("""{"name":"p","in":"query","schema":{"type":"array"}}""")]
    [InlineData("""{"name":"p","in":"query","schema":{"type":"array","items":{"type":"object"}}}""")]
    [InlineData("""{"name":"p","in":"path","style":"matrix","schema":{"type":"integer"}}""")]
    [InlineData("""{"name":"p","in":"cookie","schema":{"type":"integer"}}""")]
    [InlineData("""{"name":"Authorization","in":"header","schema":{"type":"integer"}}""")]
    [InlineData("""{"in":"query","schema":{"type":"integer"}}""")]
    [InlineData("""{"$ref":"#/nowhere"}""")]
    public void What_is_described_otherwise_has_no_type(string parameter) => Assert.Null(ParameterOf(parameter));

    [Fact]
    public async Task Rules_compare_typed_values_and_nothing_else_is_allowed()
    {
        await using var bench = await HttpBench.StartAsync(
            "openapi: shop.yaml\nheaders: [ X-Rows, X-Depth ]", Policy, ("shop.yaml", Document));

        foreach (var (request, expected, unfit) in Requests)
        {
            var parts = request.Split(' ');
            using var message = new HttpRequestMessage(HttpMethod.Parse(parts[0]), "/http/billing" + parts[1]);
            message.Headers.Add("Prefer", "wait=0");
            // A read that is allowed and recorded with others has no action of its own.
            message.Headers.Add("Idempotency-Key", request);
            foreach (var header in parts.Skip(2).Select(each => each.Split(':')))
            {
                message.Headers.Add(header[0], header[1]);
            }

            using var answer = await bench.Agent.SendAsync(message, Cancelled);
            Assert.True(expected == answer.StatusCode, $"{request}: {answer.StatusCode}");
            var action = await bench.ActionAsync(answer.Headers.GetValues("Countersign-Action").Single());
            var facts = action.GetProperty("facts").GetProperty("http");
            Assert.Equal(unfit, string.Join(' ', facts.GetProperty("unfit").EnumerateArray()));
            Assert.True(facts.GetProperty("mapped").GetBoolean());
        }
    }

    [Fact]
    public async Task Facts_hold_what_the_parameters_stand_for()
    {
        await using var bench = await HttpBench.StartAsync(
            "openapi: shop.yaml\nheaders: [ X-Rows, X-Depth ]", Policy, ("shop.yaml", Document));
        using var message = new HttpRequestMessage(
            HttpMethod.Get, "/http/billing/orders/7?limit=5&price=1e1&dry=true&tag=3&tag=4&flat=1,2&any=x&lost=y&z=1");
        message.Headers.Add("X-Rows", ["1", "2"]);
        message.Headers.Add("Idempotency-Key", "facts");

        using var answer = await bench.Agent.SendAsync(message, Cancelled);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var action = await bench.ActionAsync(answer.Headers.GetValues("Countersign-Action").Single());
        Assert.Equal(
            """
            {"header":{"x-rows":[1,2]},"path":{"id":7},"query":{"dry":true,"limit":5,"price":10,"tag":[3,4]}}
            """,
            Sorted(action.GetProperty("facts").GetProperty("http").GetProperty("parameters")));
    }

    private static readonly ImmutableArray<(string Request, HttpStatusCode Expected, string Unfit)> Requests =
    [
        ("GET /orders/7", HttpStatusCode.OK, ""),
        ("GET /orders/7?limit=100", HttpStatusCode.OK, ""),
        ("GET /orders/7?limit=101", HttpStatusCode.Accepted, ""),
        ("GET /orders/7?limit=1001", HttpStatusCode.Forbidden, ""),
        ("GET /orders/-7", HttpStatusCode.Accepted, ""),
        ("GET /orders/7 X-Rows:3,9", HttpStatusCode.OK, ""),
        ("GET /orders/7 X-Rows:3,10", HttpStatusCode.Accepted, ""),
        // Nothing is known of what does not fit: "few" allows nothing, and "many" might deny it, so that it does.
        ("GET /orders/7?limit=1e3", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?limit=%2B1", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?limit=+1", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?limit=0x10", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?limit=4294967297", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?limit=5&limit=5000", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?limit=5&limit=6", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?LIMIT=5000", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?limit[]=5000", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?limit=5&limit[0]=5000", HttpStatusCode.Forbidden, "query.limit"),
        ("GET /orders/7?tag=3&tag=x", HttpStatusCode.Forbidden, "query.tag"),
        ("GET /orders/seven", HttpStatusCode.Forbidden, "path.id"),
        ("GET /orders/07", HttpStatusCode.Forbidden, "path.id"),
        ("GET /orders/7 X-Depth:3,4", HttpStatusCode.Forbidden, "header.x-depth"),
        // The type of the path is that of the operation, and what has none may be anything.
        ("PUT /orders/seven", HttpStatusCode.OK, ""),
        ("PUT /orders/seven?limit=x", HttpStatusCode.Accepted, "query.limit"),
        ("GET /orders/7?any=x&flat=x&piped=x&lost=x&other=x", HttpStatusCode.OK, ""),
    ];

    private static DescribedParameter? ParameterOf(string parameter)
    {
        using var document = JsonDocument.Parse(
            """{"openapi":"3.1.0","paths":{"/a":{"get":{"parameters":[""" + parameter + "]}}}}");
        return OperationMap.Read(document.RootElement.Clone()).All.Single().Parameters.SingleOrDefault();
    }

    private static string Sorted(JsonElement places) => JsonSerializer.Serialize(places.EnumerateObject()
        .OrderBy(place => place.Name, StringComparer.Ordinal)
        .ToDictionary(place => place.Name, place => place.Value.EnumerateObject()
            .OrderBy(value => value.Name, StringComparer.Ordinal)
            .ToDictionary(value => value.Name, value => value.Value)));
}
