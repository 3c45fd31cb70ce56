using System.Text.Json;
using Countersign.Gates.Http;
using Countersign.Gates.Http.OpenApi;

namespace Countersign.Tests.Http;

/// <summary>An OpenAPI document says which operation a request is (OpenAPI 3.1 section 4.8).</summary>
public sealed class OperationMapTests
{
    private const string Document = """
        {
          "openapi": "3.1.0",
          "servers": [ { "url": "https://api.example.com/{base}", "variables": { "base": { "default": "v1" } } } ],
          "paths": {
            "/pets": { "get": { "operationId": "listPets" }, "post": { "operationId": "createPet" } },
            "/pets/{petId}": { "get": { "operationId": "getPet" }, "delete": {} },
            "/pets/mine": { "get": { "operationId": "myPets" } },
            "/pets/{petId}/toys/{toyId}": { "get": { "operationId": "getToy" } },
            "/files/{name}.{extension}": { "get": { "operationId": "getFile" } },
            "/compare/{base}...{head}": { "get": { "operationId": "compare" } },
            "/shared": { "$ref": "#/components/pathItems/shared" },
            "/twice/{a}": { "get": { "operationId": "first" } },
            "/twice/{b}": { "get": { "operationId": "second" } },
            "x-other": {}
          },
          "components": { "pathItems": { "shared": { "put": { "operationId": "putShared" } } } }
        }
        """;

    private static readonly Uri Upstream = new("http://127.0.0.1:9/v1");

    private readonly OperationMap _map = OperationMap.Read(JsonDocument.Parse(Document).RootElement);

    [Theory]
    [InlineData("GET", "/pets", "listPets", "{}")]
    [InlineData("POST", "/pets", "createPet", "{}")]
    [InlineData("GET", "/pets/7", "getPet", """{"petId":"7"}""")]
    [InlineData("GET", "/pets/mine", "myPets", "{}")]
    [InlineData("DELETE", "/pets/mine", "DELETE /pets/{petId}", """{"petId":"mine"}""")]
    [InlineData("GET", "/pets/7/toys/a b", "getToy", """{"petId":"7","toyId":"a b"}""")]
    [InlineData("GET", "/files/report.pdf", "getFile", """{"extension":"pdf","name":"report"}""")]
    [InlineData("GET", "/compare/main...dev", "compare", """{"base":"main","head":"dev"}""")]
    [InlineData("PUT", "/shared", "putShared", "{}")]
    public void A_request_is_the_operation_that_the_document_describes(
        string method, string path, string id, string parameters)
    {
        var found = Find(method, path);

        Assert.NotNull(found);
        Assert.Equal(id, found.Id);
        Assert.Equal(parameters, JsonSerializer.Serialize(found.Parameters));
    }

    [Theory]
    [InlineData("PATCH", "/pets")]
    [InlineData("GET", "/pets/")]
    [InlineData("GET", "/pets/7/toys")]
    [InlineData("GET", "/Pets")]
    [InlineData("GET", "/files/report")]
    [InlineData("GET", "/files/.pdf")]
    [InlineData("HEAD", "/pets")]
    [InlineData("GET", "/")]
    [InlineData("GET", "/twice/x")]
    public void What_it_does_not_describe_is_no_operation(string method, string path) =>
        Assert.Null(Find(method, path));

    [Fact]
    public void A_target_that_stands_at_the_root_is_described_by_the_paths_alone()
    {
        Assert.True(HttpPath.TryRead("/pets", out var path, out _));
        Assert.True(HttpPath.TryRead("/v1/pets", out var whole, out _));

        Assert.Equal("listPets", _map.Find("GET", new Uri("http://127.0.0.1:9"), path)?.Id);
        Assert.Equal("listPets", _map.Find("GET", new Uri("http://127.0.0.1:9"), whole)?.Id);
        Assert.Null(_map.Find("GET", new Uri("http://127.0.0.1:9/v2"), path));
    }

    [Theory]
    [InlineData("http://api.example.com:8080/v1", "http://api.example.com:8080")]
    [InlineData("http://api.example.com:80/v1", "http://API.example.com")]
    [InlineData("/v1", "http://127.0.0.1:9")]
    public void On_a_host_that_the_document_names_only_what_is_below_its_path_is_described(
        string server, string upstream)
    {
        var map = OperationMap.Read(JsonDocument.Parse(
            $$"""
            {
              "openapi": "3.0.3",
              "servers": [ { "url": "{{server}}" } ],
              "paths": { "/pets": { "get": { "operationId": "listPets" } } }
            }
            """).RootElement);
        Assert.True(HttpPath.TryRead("/pets", out var path, out _));
        Assert.True(HttpPath.TryRead("/v1/pets", out var whole, out _));

        Assert.Null(map.Find("GET", new Uri(upstream), path));
        Assert.Equal("listPets", map.Find("GET", new Uri(upstream), whole)?.Id);
    }

    [Theory]
    [InlineData("""{"swagger":"2.0","paths":{}}""", "OpenAPI 3")]
    [InlineData("""{"openapi":"3.0.0"}""", "paths")]
    [InlineData("""{"openapi":"3.0.0","paths":{"/a":{"$ref":"other.yaml"}}}""", "one document")]
    [InlineData("""{"openapi":"3.0.0","paths":{"/a":{"$ref":"#/paths/~1a"}}}""", "refers to itself")]
    [InlineData("""{"openapi":"3.0.0","paths":{"/a{":{"get":{}}}}""", "brace")]
    [InlineData("[]", "OpenAPI 3")]
    public void A_document_that_cannot_be_used_says_why(string text, string why)
    {
        using var document = JsonDocument.Parse(text);

        var refusal = Assert.Throws<FormatException>(() => OperationMap.Read(document.RootElement));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    private MappedOperation? Find(string method, string text)
    {
        Assert.True(HttpPath.TryRead(text, out var path, out var whyNot), whyNot);
        return _map.Find(method, Upstream, path);
    }
}
