using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>Documents of public APIs, which nobody here wrote, map requests to operations.</summary>
public sealed class OpenApiTests
{
    private static readonly string s_documents = Path.Combine(
        Repository.Root, "tests/Countersign.EndToEnd/node/node_modules/@readme/oas-examples");

    /// <summary>Of one document; the largest repeats itself.</summary>
    private const int MostRequests = 40;

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

    /// <summary>
    /// One request for each operation of public documents, through the gate to a web server that says what it got.
    /// </summary>
    [Fact]
    public async Task Each_operation_of_public_documents_is_mapped_to_itself_and_reaches_the_target_unchanged()
    {
        string[] names =
        [
            "3.0/json/petstore", "3.0/json/petstore-expanded", "3.0/json/readme-legacy", "3.0/json/star-trek",
            "3.0/json/parameters-common", "3.0/json/schema-validation", "3.0/json/schema-types", "3.0/json/uspto",
            "3.0/json/link-example", "3.0/json/request-examples", "3.0/json/discriminators", "3.0/json/security",
            "3.1/json/readme", "3.1/json/train-travel", "3.1/json/schema-types",
        ];
        await using var echo = await EchoServer.StartAsync(Cancel);
        var documents = names.Select((name, n) => PublicDocument.Read(
            $"api{n}", Path.Combine(s_documents, name + ".json"))).ToList();
        await using var product = await Product.StartAsync(
            new ProductOptions
            {
                Targets = string.Join('\n', documents.Select(each => $$"""
                      {{each.Target}}: { gate: http, environment: production, redact: none, openapi: "{{each.Path}}",
                             upstream: "{{echo.Address.GetLeftPart(UriPartial.Authority)}}{{each.Root}}" }
                    """)),
                Policy = """
                    version: 1
                    default: deny
                    rules:
                      - id: known
                        when: action.gate == "http" && http.mapped
                        then: allow
                        record: before
                    """,
            },
            Cancel);
        using var agent = new HttpClient { BaseAddress = product.Address };
        agent.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", ProductFolder.TokenOf("DEPLOY_BOT"));
        var sent = 0;

        foreach (var document in documents)
        {
            foreach (var request in document.Requests.Take(MostRequests))
            {
                await AssertSameAsync(agent, document, request);
                sent++;
            }
        }

        // Documents that were not read would prove nothing.
        Assert.True(sent > 200, $"{sent} requests");
    }

    private static async Task AssertSameAsync(HttpClient agent, PublicDocument document, DescribedRequest request)
    {
        using var message = new HttpRequestMessage(
            HttpMethod.Parse(request.Method), $"http/{document.Target}{request.Target}");
        if (request.Type is { } type)
        {
            message.Content = new StringContent(request.Body, new MediaTypeHeaderValue(type));
        }

        using var answer = await agent.SendAsync(message, Cancel);

        var what = $"{document.Path}: {request}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancel)}";
        Assert.True(answer.Headers.TryGetValues("Echo", out var echo), what);
        Assert.Equal(
            EchoServer.Answer(request.Method, document.Root + request.Target, request.Type, request.Body),
            Encoding.Latin1.GetString(Convert.FromBase64String(echo.Single())));
        var action = JsonElement.Parse(await agent.GetByteArrayAsync(
            $"v1/actions/{answer.Headers.GetValues("Countersign-Action").Single()}", Cancel));
        var facts = action.GetProperty("facts").GetProperty("http");
        Assert.Equal((request.Id, what), (facts.GetProperty("operation_id").GetString(), what));
        Assert.Equal("[]", facts.GetProperty("unfit").GetRawText());
    }

    private sealed record PublicDocument(
        string Target, string Path, string Root, IReadOnlyList<DescribedRequest> Requests)
    {
        public static PublicDocument Read(string target, string path)
        {
            var (root, requests) = DescribedRequests.Of(path);
            return new PublicDocument(target, path, root, requests);
        }
    }
}
