using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Api;

/// <summary>The API's document says what the API does: the same routes, and responses of its shape.</summary>
public sealed class ApiDocumentTests
{
    private static readonly string s_otherDigest = "sha256:" + new string('0', 64);

    private static readonly string[] s_otherDoors = ["/console", "/mcp", "/http"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_route_is_documented_and_every_documented_route_exists()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var document = await DocumentOf(node);

        var documented =
            from path in document.GetProperty("paths").EnumerateObject()
            from method in path.Value.EnumerateObject()
            select $"{method.Name.ToUpperInvariant()} {path.Name}";

        Assert.Equal(RoutesOf(node).Order(), documented.Order());
    }

    [Fact]
    public async Task What_agents_get_has_the_documented_shape()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var calls = new DocumentedCalls(await DocumentOf(node));
        var ask = node.Agent;

        await calls.AskAsync(ask, "/v1/actions?wait=20", "read_report", new { name = "weekly" }, HttpStatusCode.OK);
        await calls.AskAsync(ask, "/v1/actions", "rotate_key", new { service = "billing" }, HttpStatusCode.OK);
        await calls.AskAsync(ask, "/v1/actions", "export_customers", new { country = "UK" }, HttpStatusCode.Accepted);
        await calls.AskAsync(ask, "/v1/actions?wait=soon", "read_report", new { }, HttpStatusCode.BadRequest);
        await calls.AskAsync(node.Alice, "/v1/actions", "read_report", new { }, HttpStatusCode.Forbidden);
        await calls.AskAsync(node.Nobody, "/v1/actions", "read_report", new { }, HttpStatusCode.Unauthorized);
        await calls.GetAsync(ask, "/v1/actions", "/v1/actions?limit=2", HttpStatusCode.OK);
        await calls.GetAsync(ask, "/v1/actions", "/v1/actions?limit=0", HttpStatusCode.BadRequest);
        await calls.GetAsync(ask, "/v1/actions", "/v1/actions?order=deadline&limit=1", HttpStatusCode.OK);
        await calls.GetAsync(ask, "/v1/actions/{id}", "/v1/actions/act_0", HttpStatusCode.NotFound);
        await calls.GetAsync(ask, "/v1/targets", "/v1/targets", HttpStatusCode.OK);
        await calls.GetAsync(node.Nobody, "/v1/targets", "/v1/targets", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task What_reviewers_get_has_the_documented_shape()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var calls = new DocumentedCalls(await DocumentOf(node));
        var held = await calls.AskAsync(
            node.Agent, "/v1/actions", "export_customers", new { country = "UK" }, HttpStatusCode.Accepted);
        var id = held.GetProperty("id").GetString();
        var digest = held.GetProperty("digest").GetString();
        Task<JsonElement> Vote(HttpClient who, string? shown, HttpStatusCode expected) => calls.PostAsync(
            who,
            "/v1/actions/{id}/votes",
            $"/v1/actions/{id}/votes",
            new { decision = "approve", digest = shown },
            expected);

        Task<JsonElement> Rehearse(HttpClient who, object wish, HttpStatusCode expected) => calls.PostAsync(
            who, "/v1/actions/{id}/dry-run", $"/v1/actions/{id}/dry-run", wish, expected);

        await Rehearse(node.Agent, new { digest }, HttpStatusCode.Forbidden);
        await Rehearse(node.Alice, new { digest = "none" }, HttpStatusCode.BadRequest);
        var none = await Rehearse(node.Alice, new { digest }, HttpStatusCode.Conflict);
        Assert.EndsWith("/no-dry-run", none.GetProperty("type").GetString(), StringComparison.Ordinal);
        Task<JsonElement> Revise(HttpClient who, object wish, HttpStatusCode expected) => calls.PostAsync(
            who, "/v1/actions/{id}/revisions", $"/v1/actions/{id}/revisions", wish, expected);

        var uk = new { country = "IE" };
        await Revise(node.Agent, new { digest, arguments = uk }, HttpStatusCode.Forbidden);
        await Revise(node.Bob, new { digest, arguments = uk }, HttpStatusCode.Forbidden);
        await Revise(node.Alice, new { digest }, HttpStatusCode.BadRequest);
        await Revise(node.Alice, new { digest = s_otherDigest, arguments = uk }, HttpStatusCode.Conflict);
        await Vote(node.Bob, digest, HttpStatusCode.Forbidden);
        await Vote(node.Alice, s_otherDigest, HttpStatusCode.Conflict);
        await Vote(node.Alice, "none", HttpStatusCode.BadRequest);
        await Vote(node.Alice, digest, HttpStatusCode.OK);
        await Vote(node.Alice, digest, HttpStatusCode.Conflict);
        await calls.GetAsync(node.Alice, "/v1/actions/{id}", $"/v1/actions/{id}?wait=20", HttpStatusCode.OK);
        await calls.PostAsync(
            node.Agent, "/v1/actions/{id}/withdraw", $"/v1/actions/{id}/withdraw", new { }, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task What_a_revision_answers_has_the_documented_shape()
    {
        await using var node = await DemoNode.StartAsync(WithCarol, Cancelled);
        var calls = new DocumentedCalls(await DocumentOf(node));
        // What this executes is how the gateway comes to know how the tools are described.
        await calls.AskAsync(
            node.Agent, "/v1/actions?wait=20", "read_report", new { name = "weekly" }, HttpStatusCode.OK);
        var held = await calls.AskAsync(
            node.Agent, "/v1/actions", "export_customers", new { country = "UK" }, HttpStatusCode.Accepted);
        var address = $"/v1/actions/{held.GetProperty("id").GetString()}";
        var unfit = await calls.PostAsync(
            node.Alice,
            "/v1/actions/{id}/revisions",
            $"{address}/revisions",
            new { digest = held.GetProperty("digest").GetString(), arguments = new { country = 7 } },
            HttpStatusCode.BadRequest);
        Assert.Contains("'country' must be of type string", unfit.GetProperty("detail").GetString());

        var revised = await calls.PostAsync(
            node.Alice,
            "/v1/actions/{id}/revisions",
            $"{address}/revisions",
            new { digest = held.GetProperty("digest").GetString(), arguments = new { country = "IE" }, comment = "x" },
            HttpStatusCode.OK);

        Assert.Equal(2, revised.GetProperty("revision").GetInt32());
        Assert.Equal("IE", revised.GetProperty("arguments").GetProperty("country").GetString());
        var change = Assert.Single(revised.GetProperty("review").GetProperty("changes").EnumerateArray());
        Assert.Equal("UK", change.GetProperty("before").GetProperty("country").GetString());
        await calls.GetAsync(node.Agent, "/v1/actions/{id}", address, HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_revision_that_nobody_could_approve_has_the_documented_shape()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var calls = new DocumentedCalls(await DocumentOf(node));
        var held = await calls.AskAsync(
            node.Agent, "/v1/actions", "export_customers", new { country = "UK" }, HttpStatusCode.Accepted);

        var refused = await calls.PostAsync(
            node.Alice,
            "/v1/actions/{id}/revisions",
            $"/v1/actions/{held.GetProperty("id").GetString()}/revisions",
            new { digest = held.GetProperty("digest").GetString(), arguments = new { country = "IE" } },
            HttpStatusCode.Conflict);

        Assert.EndsWith("/no-reviewer", refused.GetProperty("type").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_stop_answers_has_the_documented_shape()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var calls = new DocumentedCalls(await DocumentOf(node));
        const string route = "/v1/agents/{id}";
        var agent = await calls.AskAsync(
            node.Agent, "/v1/actions", "export_customers", new { country = "UK" }, HttpStatusCode.Accepted);
        var id = agent.GetProperty("agent").GetProperty("id").GetString();
        Task<JsonElement> Post(HttpClient who, string verb, HttpStatusCode expected, string? other = null) =>
            calls.PostAsync(
                who, $"{route}/{verb}", $"/v1/agents/{other ?? id}/{verb}", new { comment = "x" }, expected);

        await Post(node.Agent, "stop", HttpStatusCode.Forbidden);
        await Post(node.Nobody, "stop", HttpStatusCode.Unauthorized);
        await Post(node.Alice, "stop", HttpStatusCode.NotFound, other: "nobody");
        await Post(node.Alice, "resume", HttpStatusCode.OK);
        var stop = await Post(node.Bob, "stop", HttpStatusCode.OK);
        Assert.Equal(1, stop.GetProperty("withdrawn").GetInt32());
        var refused = await calls.AskAsync(
            node.Agent, "/v1/actions", "read_report", new { name = "weekly" }, HttpStatusCode.Forbidden);
        Assert.EndsWith("/agent-stopped", refused.GetProperty("type").GetString(), StringComparison.Ordinal);
        await Post(node.Agent, "resume", HttpStatusCode.Forbidden);
        var metrics = await node.Nobody.GetStringAsync("/metrics", Cancelled);
        Assert.Contains("countersign_stopped_agents 1\n", metrics, StringComparison.Ordinal);

        await Post(node.Bob, "resume", HttpStatusCode.Accepted);
        await Post(node.Bob, "resume", HttpStatusCode.Conflict);
        var resumed = await Post(node.Alice, "resume", HttpStatusCode.OK);
        Assert.Equal("active", resumed.GetProperty("state").GetString());
    }

    [Fact]
    public async Task What_a_dry_run_answers_has_the_documented_shape_and_nothing_is_recorded()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var calls = new DocumentedCalls(await DocumentOf(node));
        Task<JsonElement> Ask(string operation, HttpStatusCode expected, string flag = "1") => calls.AskAsync(
            node.Agent, $"/v1/actions?dry_run={flag}", operation, new { country = "UK" }, expected);
        await calls.AskAsync(
            node.Agent, "/v1/actions?wait=20", "read_report", new { name = "weekly" }, HttpStatusCode.OK);
        var before = await node.Nobody.GetStringAsync("/ledger/checkpoint", Cancelled);

        var allowed = await Ask("read_report", HttpStatusCode.OK);
        var held = await Ask("export_customers", HttpStatusCode.OK);
        var denied = await Ask("rotate_key", HttpStatusCode.OK);
        await Ask("read_report", HttpStatusCode.BadRequest, flag: "yes");

        Assert.Equal("allow", allowed.GetProperty("verdict").GetProperty("outcome").GetString());
        var stage = held.GetProperty("review").GetProperty("tracks")[0].GetProperty("stages")[0];
        Assert.Equal("alice", Assert.Single(stage.GetProperty("persons").EnumerateArray().ToList()).GetString());
        Assert.Equal("deny", denied.GetProperty("verdict").GetProperty("outcome").GetString());
        Assert.Equal(before, await node.Nobody.GetStringAsync("/ledger/checkpoint", Cancelled));
    }

    [Fact]
    public async Task What_strangers_get_has_the_documented_shape()
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var calls = new DocumentedCalls(await DocumentOf(node));

        foreach (var path in (string[])["/healthz", "/readyz", "/ledger/key", "/ledger/checkpoint", "/openapi/v1.json"])
        {
            await calls.GetAsync(node.Nobody, path, path, HttpStatusCode.OK);
        }

        await calls.GetAsync(node.Nobody, "/ledger/tile/{path}", "/ledger/tile/entries/000.p/1", HttpStatusCode.OK);
        await calls.GetAsync(node.Nobody, "/ledger/tile/{path}", "/ledger/tile/0/000.p/1", HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("0/000")]
    [InlineData("5/000")]
    [InlineData("7/000")]
    [InlineData("entries/000")]
    [InlineData("entries/000.p/200")]
    [InlineData("nonsense")]
    public async Task A_tile_the_log_does_not_have_is_missing_and_not_empty(string path)
    {
        await using var node = await DemoNode.StartAsync(Cancelled);
        var calls = new DocumentedCalls(await DocumentOf(node));

        await calls.GetAsync(node.Nobody, "/ledger/tile/{path}", $"/ledger/tile/{path}", HttpStatusCode.NotFound);
    }

    private static Task<JsonElement> DocumentOf(DemoNode node) =>
        node.Nobody.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancelled);

    /// <summary>In the demo itself there is nobody left who could approve what Alice changed.</summary>
    private static string WithCarol(string configuration) => configuration.Replace(
        "people:\n", "people:\n  - { id: carol, groups: [platform] }\n", StringComparison.Ordinal);

    private static IEnumerable<string> RoutesOf(DemoNode node) =>
        from endpoint in node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let path = endpoint.RoutePattern.RawText!.Replace("**", "", StringComparison.Ordinal)
        where path != "/" && !s_otherDoors.Any(path.StartsWith)
        from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
        select $"{method} {path}";
}
