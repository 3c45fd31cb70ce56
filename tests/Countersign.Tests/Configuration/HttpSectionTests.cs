using Countersign.Server.Configuration;
using Countersign.Tests.Support;

namespace Countersign.Tests.Configuration;

/// <summary>An HTTP target is configured as it is written, and what would have no effect is refused.</summary>
public sealed class HttpSectionTests : IDisposable
{
    private const string Target = "gate: http, environment: test, upstream: \"https://billing.internal/v1\"";

    private const string Document = """
        openapi: 3.0.3
        paths:
          /customers/{id}: { get: { operationId: getCustomer }, delete: { operationId: deleteCustomer } }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Everything_that_can_be_said_is_read()
    {
        var settings = Load(
            $"{Target}, headers: [X-Tenant], graphql: /graphql, openapi: api.yaml, "
            + "preview: { deleteCustomer: \"GET /customers/{id}\" }, mask: [ { header: X-Key } ], "
            + "credentials: { oauth: { token_url: \"https://id.internal/token\", client_id: c, "
            + "client_secret: s3cret-word } }");

        var http = settings.Http!;
        Assert.Equal(["x-tenant"], http.Headers);
        Assert.Equal("/graphql", http.GraphQl);
        Assert.Equal(2, http.Operations!.All.Count);
        Assert.Equal("/customers/{id}", http.Previews["deleteCustomer"]);
        Assert.Equal("c", http.OAuth!.ClientId);
    }

    [Theory]
    [InlineData("credentials: { bearer: t0ken }", "Authorization: Bearer t0ken")]
    [InlineData("credentials: { basic: { user: u, password: p } }", "Authorization: Basic dTpw")]
    [InlineData("credentials: { header: X-Api-Key, value: k }", "X-Api-Key: k")]
    public void A_credential_is_a_header(string said, string expected)
    {
        var (header, value) = Assert.Single(Load($"{Target}, {said}").Http!.Credential);

        Assert.Equal(expected, $"{header}: {value}");
    }

    [Theory]
    [InlineData("gate: http, environment: test", "needs 'upstream'")]
    [InlineData("gate: http, environment: test, upstream: \"ftp://x\"", "upstream is an address")]
    [InlineData("gate: http, environment: test, upstream: \"https://u:p@x/\"", "never sent")]
    [InlineData("gate: http, environment: test, upstream: \"https://x/?a=1\"", "never sent")]
    [InlineData($"{Target}, headers: [Authorization]", "never passes")]
    [InlineData($"{Target}, headers: [X-HTTP-Method-Override]", "never passes")]
    [InlineData($"{Target}, openapi: missing.yaml", "cannot be used")]
    [InlineData($"{Target}, openapi: policies/deny.yaml", "no OpenAPI 3 document")]
    [InlineData($"{Target}, graphql: graphql", "a path like /graphql")]
    [InlineData($"{Target}, preview: {{ \"DELETE /a/{{id}}\": \"GET /a/{{other}}\" }}", "a variable 'other'")]
    [InlineData($"{Target}, preview: {{ deleteCustomer: \"GET /a\" }}", "no operation of the OpenAPI document")]
    [InlineData($"{Target}, preview: {{ \"DELETE /a\": b }}", "a GET of a path")]
    [InlineData($"{Target}, credentials: {{ bearer: a, basic: {{ user: u, password: p }} }}", "name one")]
    [InlineData($"{Target}, credentials: {{ certificate: a.pem }}", "needs its key")]
    [InlineData($"{Target}, credentials: {{ ttl: 5m }}", "needs one of")]
    [InlineData($"{Target}, credentials: {{ basic: {{ user: \"a:b\", password: p }} }}", "holds no colon")]
    [InlineData(
        $"{Target}, credentials: {{ oauth: {{ token_url: \"http://id.internal/\", client_id: c, client_secret: s }} }}",
        "over https only")]
    [InlineData($"{Target}, credentials: {{ bearer: \"a\\nb\" }}", "line break")]
    [InlineData($"{Target}, ask_reason: true", "no effect at gate http")]
    [InlineData($"{Target}, record: behind", "unless 'redact: none' is said")]
    [InlineData(
        "gate: mcp, environment: test, upstream: { url: \"http://x/mcp\" }, openapi: a.yaml", "no effect at gate mcp")]
    [InlineData("gate: api, environment: test, headers: [X-A]", "no effect at gate api")]
    public void What_cannot_be_meant_is_refused_with_its_reason(string target, string why)
    {
        var refusal = Assert.Throws<ConfigurationException>(() => Load(target));

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: &x [ *x ]")]
    [InlineData("openapi: 3.0.0\n---\nopenapi: 3.0.0")]
    [InlineData("openapi: [")]
    [InlineData("{ \"openapi\": ")]
    public void A_document_that_is_none_is_refused(string text)
    {
        File.WriteAllText(_folder.PathOf("api.yaml"), text);

        Assert.ThrowsAny<FormatException>(() => OpenApiFile.Read(_folder.PathOf("api.yaml")));
    }

    private TargetSettings Load(string target)
    {
        Directory.CreateDirectory(_folder.PathOf("policies"));
        File.WriteAllText(_folder.PathOf("policies/deny.yaml"), "version: 1\ndefault: deny\n");
        File.WriteAllText(_folder.PathOf("api.yaml"), Document);
        File.WriteAllText(
            _folder.PathOf("countersign.yaml"),
            $$"""
            people: [ { id: alice, tokens: [ a-token-of-alice-0123 ] } ]
            agents: [ { id: bot, owner: alice, tokens: [ a-token-of-the-bot-0123 ] } ]
            targets:
              billing: { {{target}} }
            """);
        return SettingsFile.Load(_folder.PathOf("countersign.yaml"), _ => null).Targets[0];
    }
}
