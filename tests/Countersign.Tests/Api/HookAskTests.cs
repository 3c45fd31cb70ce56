using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Tests.Support;

namespace Countersign.Tests.Api;

/// <summary>What hooks ask of a whole server: facts by which rules decide, no call answered by another.</summary>
public sealed class HookAskTests : IAsyncLifetime
{
    private const string Policy = """
        version: 1
        default: deny
        rules:
          - id: tests
            reason: The tests may run.
            when: command.program == 'make' && command.argv == ['test']
            then: allow
          - id: reading
            reason: Looking changes nothing.
            when: command.tool == "Read" && command.input.file_path.startsWith(command.working_directory)
            then: allow

        """;

    private readonly TemporaryFolder _policies = new();
    private DemoNode? _node;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_policies.PathOf("hooks.yaml"), Policy, Cancelled);
        _node = await DemoNode.StartAsync(WithHook, Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        await _node!.DisposeAsync();
        _policies.Dispose();
    }

    [Theory]
    [InlineData("Bash", """{"command":"make test"}""", "approved")]
    [InlineData("Bash", """{"command":"make test; make deploy"}""", "refused")]
    [InlineData("Bash", """{"command":"make deploy"}""", "refused")]
    [InlineData("PowerShell", """{"command":"make test"}""", "refused")]
    [InlineData("Read", """{"file_path":"/src/a.cs"}""", "approved")]
    [InlineData("Read", """{"file_path":"/etc/shadow"}""", "refused")]
    [InlineData("Read", """{}""", "refused")]
    public async Task Rules_see_what_a_call_would_run(string tool, string input, string state)
    {
        var answer = await AskAsync(tool, ArgumentsOf(input));

        Assert.Equal(state, answer.GetProperty("state").GetString());
        Assert.Equal(tool, answer.GetProperty("facts").GetProperty("command").GetProperty("tool").GetString());
    }

    [Fact]
    public async Task An_identical_call_gets_a_permit_of_its_own_while_the_first_runs()
    {
        var first = await AskAsync("Bash", ArgumentsOf("""{"command":"make test"}"""));
        await ClaimAsync(first);

        var second = await AskAsync("Bash", ArgumentsOf("""{"command":"make test"}"""));

        Assert.Equal("approved", second.GetProperty("state").GetString());
        Assert.NotEqual(first.GetProperty("id").GetString(), second.GetProperty("id").GetString());
        Assert.Equal(first.GetProperty("digest").GetString(), second.GetProperty("digest").GetString());
        await ClaimAsync(second);
    }

    [Theory]
    [InlineData("countersign_probe", """{"host":"codex","cwd":"/src","input":{}}""", HttpStatusCode.Forbidden)]
    [InlineData("Bash", """{"command":"make test"}""", HttpStatusCode.BadRequest)]
    public async Task Probes_and_other_shapes_open_nothing(string tool, string arguments, HttpStatusCode status)
    {
        using var response = await PostAsync("/v1/actions", tool, arguments);

        Assert.Equal(status, response.StatusCode);
        var list = await _node!.Alice.GetFromJsonAsync<JsonElement>("/v1/actions?target=laptop", Cancelled);
        Assert.Empty(list.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task The_beginning_of_a_session_opens_nothing()
    {
        using var response = await PostAsync("/v1/actions?dry_run=1", "SessionStart", ArgumentsOf("{}"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task An_agent_finds_the_targets_that_it_may_use()
    {
        var seen = await _node!.Agent.GetFromJsonAsync<JsonElement>("/v1/targets", Cancelled);
        var all = await _node.Alice.GetFromJsonAsync<JsonElement>("/v1/targets", Cancelled);

        Assert.Equal(["acme-ops", "laptop"], NamesIn(seen));
        Assert.Equal(["acme-ops", "laptop", "others"], NamesIn(all));
    }

    private static IEnumerable<string?> NamesIn(JsonElement list) =>
        list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString());

    private static string ArgumentsOf(string input) =>
        $$"""{"host":"claude-code","cwd":"/src","input":{{input}}}""";

    private async Task<JsonElement> AskAsync(string tool, string arguments)
    {
        using var response = await PostAsync("/v1/actions", tool, arguments);
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
    }

    private Task<HttpResponseMessage> PostAsync(string path, string operation, string arguments) =>
        _node!.Agent.PostAsJsonAsync(
            path, new { target = "laptop", operation, arguments = JsonElement.Parse(arguments) }, Cancelled);

    private async Task ClaimAsync(JsonElement action)
    {
        using var response = await _node!.Agent.PostAsJsonAsync(
            $"/v1/actions/{action.GetProperty("id").GetString()}/claim",
            new { digest = action.GetProperty("digest").GetString() },
            Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private string WithHook(string configuration) => configuration
        .Replace(
            "targets:\n",
            "targets:\n  laptop: { gate: hook, environment: development }\n" +
            "  others: { gate: hook, environment: development, agents: [] }\n",
            StringComparison.Ordinal)
        .Replace("policies: policies/", $"policies: {_policies.PathOf("")}", StringComparison.Ordinal);
}
