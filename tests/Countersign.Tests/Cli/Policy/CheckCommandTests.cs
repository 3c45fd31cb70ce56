using Countersign.Core.Policies;
using Countersign.Server.Cli;
using Countersign.Server.Cli.Policy;
using Countersign.Server.Configuration;
using Countersign.Tests.Policies;
using Countersign.Tests.Support;

namespace Countersign.Tests.Cli.Policy;

public sealed class CheckCommandTests : IDisposable
{
    private const string Good = """
        version: 1
        default: deny
        rules:
          - { id: reads, when: sql.read_only, then: allow }
          - { id: never, when: sql.opaque && mcp.tool == "x", then: allow }
          - { id: big, when: action.bytes > 1000, then: { require: { stages: [ { of: group:dba } ] } } }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("policy.yaml", Good, ExitCode.Succeeded)]
    [InlineData("policy.yml", "version: 1\ndefault: allow", ExitCode.Failed)]
    [InlineData("policy.txt", Good, ExitCode.Usage)]
    public async Task The_exit_code_says_whether_a_server_would_accept_the_folder(string name, string text, int code)
    {
        await File.WriteAllTextAsync(_folder.PathOf(name), text, TestContext.Current.CancellationToken);

        Assert.Equal(code, await RunAsync(_folder.PathOf(".")));
    }

    [Fact]
    public async Task A_path_that_is_not_there_is_a_wrong_call() =>
        Assert.Equal(ExitCode.Usage, await RunAsync(_folder.PathOf("missing.yaml")));

    [Fact]
    public async Task The_configuration_says_who_can_be_asked()
    {
        await File.WriteAllTextAsync(_folder.PathOf("policy.yaml"), Good, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            _folder.PathOf("countersign.yaml"),
            "people: [ { id: alice, groups: [platform] } ]\npolicies: policy.yaml\n",
            TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Failed, await RunAsync("--config", _folder.PathOf("countersign.yaml")));
    }

    [Fact]
    public async Task A_requirement_that_the_owner_alone_could_meet_is_a_warning()
    {
        await File.WriteAllTextAsync(_folder.PathOf("policy.yaml"), Good, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            _folder.PathOf("countersign.yaml"),
            """
            people: [ { id: alice, groups: [dba] } ]
            agents: [ { id: bot, owner: alice } ]
            targets: { sdk: { gate: api, environment: test } }
            policies: policy.yaml
            """,
            TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Succeeded, await RunAsync("--config", _folder.PathOf("countersign.yaml")));
        var settings = SettingsFile.Load(_folder.PathOf("countersign.yaml"), _ => null);
        var policy = PolicyFixture.Loaded(Good);
        var report = CheckReport.Of(policy, OutOfReach.Find(policy, settings));
        Assert.Contains(
            "the rule 'big' cannot be met when agent 'bot' asks", report.GetProperty("warnings")[0].GetString());
    }

    [Fact]
    public void Each_rule_is_shown_with_its_gates()
    {
        var policy = PolicyFixture.Loaded(Good);

        Assert.Equal(
            $"""
            big    require  mcp, postgres, http, command, hook, api
            never  allow    no gate: it never applies
            reads  allow    postgres
            default: deny
            policy: {policy.Hash}
            """,
            CheckReport.ToText(CheckReport.Of(policy, [])));
    }

    [Fact]
    public void Errors_as_data_keep_place_message_and_suggestion()
    {
        var refused = (PolicyLoad.Refused)PolicyFixture.Load("version: 1\ndefualt: deny");

        var error = CheckReport.Of(refused.Errors).GetProperty("errors")[0];

        Assert.Equal("policy.yaml", error.GetProperty("file").GetString());
        Assert.Equal(2, error.GetProperty("line").GetInt32());
        Assert.Equal(1, error.GetProperty("column").GetInt32());
        Assert.Equal("a policy has no key 'defualt'", error.GetProperty("message").GetString());
        Assert.Equal("default", error.GetProperty("suggestion").GetString());
    }

    private static Task<int> RunAsync(params string[] arguments) =>
        CheckCommand.Create().Parse(arguments).InvokeAsync();
}
