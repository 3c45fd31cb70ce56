using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>Documents of public APIs, which nobody here wrote, map requests to operations.</summary>
public sealed class OpenApiTests
{
    private static readonly string s_documents = Path.Combine(
        Repository.Root, "tests/Countersign.EndToEnd/node/node_modules/@readme/oas-examples");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("3.0/yaml/star-trek.yaml", "GET /animal", "GET /animal")]
    [InlineData("3.0/json/star-trek.json", "POST /api/v1/rest/book/search", "POST /book/search")]
    [InlineData("3.1/yaml/train-travel.yaml", "GET /stations", "get-stations")]
    [InlineData("3.1/yaml/train-travel.yaml", "DELETE /bookings/7", "delete-booking")]
    [InlineData("3.1/json/train-travel.json", "POST /bookings/7/payment", "create-booking-payment")]
    public async Task A_request_is_the_operation_of_the_document(string document, string operation, string id)
    {
        await using var product = await Product.StartAsync(
            new ProductOptions
            {
                Targets = $$"""
                      web: { gate: http, environment: production, upstream: "http://127.0.0.1:9",
                             openapi: "{{Path.Combine(s_documents, document)}}" }
                    """,
                Policy = """
                    version: 1
                    default: deny
                    rules:
                      - id: known
                        when: action.gate == "http" && http.mapped
                        then: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ] } }
                    """,
            },
            Cancel);

        var asked = await product.As("DEPLOY_BOT").AskAsync("web", operation, "{}", Cancel);
        var unknown = await product.As("DEPLOY_BOT").AskAsync("web", "GET /no/such/thing", "{}", Cancel);

        Assert.Equal("pending", asked.State);
        Assert.Equal(id, asked.Json.GetProperty("facts").GetProperty("http").GetProperty("operation_id").GetString());
        Assert.Equal("refused", unknown.State);
    }
}
