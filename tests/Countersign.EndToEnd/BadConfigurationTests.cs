using System.Net;
using System.Net.Sockets;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>A server that cannot run as configured says what, where and how to mend it, and has done nothing.</summary>
public sealed class BadConfigurationTests : IDisposable
{
    private readonly ProductFolder _folder = new(new ProductOptions());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("policies:", "policys:", "countersign.yaml:14:1:", "'policys'", "did you mean 'policies'?")]
    [InlineData("owner: dave,", "ownr: dave,", "countersign.yaml:10:", "'ownr'", "did you mean 'owner'?")]
    [InlineData("gate: api", "gaet: api", "countersign.yaml:17:", "'gaet'", "did you mean 'gate'?")]
    [InlineData("owner: dave", "owner: dav", "countersign.yaml:10:", "'dav'", "did you mean 'dave'?")]
    [InlineData("owner: group:crew", "owner: group:crow", "countersign.yaml:12:", "'group:crow'", "'group:crew'?")]
    [InlineData("gate: api", "gate: apy", "countersign.yaml:17:", "apy", "api")]
    [InlineData("listen: http", "listen: ftp", "countersign.yaml:1:9:", "listen", "http://127.0.0.1:7070")]
    [InlineData("id: bob", "id: alice", "countersign.yaml:6:", "'alice'", "taken in line 5")]
    [InlineData("id: bob", "id: [bob", "countersign.yaml:", "", "")]
    public async Task A_mistake_is_named_with_its_place_and_remedy(
        string right, string wrong, string place, string what, string remedy)
    {
        Edit(right, wrong);

        var ended = await ServeAsync();

        AssertNothingHappened(ended, place, what, remedy);
    }

    [Fact]
    public async Task A_missing_environment_variable_is_named()
    {
        var ended = await ServeAsync(_folder.Variables.Where(variable => variable.Key != "BOB_TOKEN"));

        AssertNothingHappened(
            ended, "countersign.yaml:6:", "the token is not there", "set the environment variable BOB_TOKEN");
    }

    [Fact]
    public async Task Every_mistake_is_named_at_once()
    {
        Edit("groups: [dba]", "grups: [dba]");
        Edit("gate: api", "gaet: api");
        Edit("name: Alice", "nam: Alice");

        var ended = await ServeAsync();

        AssertNothingHappened(ended, "'gaet'", "'nam'", "countersign.yaml:5:");
    }

    [Fact]
    public async Task A_missing_configuration_is_named()
    {
        File.Delete(_folder.Configuration);

        var ended = await ServeAsync();

        AssertNothingHappened(ended, _folder.Configuration, "cannot be read", "--config FILE");
    }

    [Fact]
    public async Task A_missing_policy_is_named()
    {
        Edit("policies: policies/", "policies: nowhere/");

        var ended = await ServeAsync();

        AssertNothingHappened(ended, _folder.In("nowhere"), "cannot be read", "'policies:'");
    }

    [Fact]
    public async Task An_empty_policy_folder_is_no_policy()
    {
        File.Delete(_folder.PolicyFile);

        var ended = await ServeAsync();

        AssertNothingHappened(ended, "policies", "holds no *.yaml file", "write one");
    }

    [Theory]
    [InlineData("action.operation == \"read_report\"", "action.operaton == \"read_report\"", ":6:", "operation")]
    [InlineData("then: allow", "then: alow", ":7:", "allow")]
    [InlineData("version: 1", "version: 2", ":1:", "version")]
    [InlineData("group:platform, need: 1", "group:platfrom, need: 1", ":1", "platfrom")]
    [InlineData("when: action.operation == \"read_report\"", "when: claimed.reason == \"please\"", ":6:", "claimed")]
    public async Task A_policy_that_cannot_be_loaded_is_refused(string right, string wrong, string place, string what)
    {
        File.WriteAllText(
            _folder.PolicyFile, StandardPolicy.Text.Replace(right, wrong, StringComparison.Ordinal));

        var ended = await ServeAsync();

        AssertNothingHappened(ended, "policies/policy.yaml" + place, what, "");
    }

    [Fact]
    public async Task What_other_hosts_read_from_the_working_directory_means_nothing_here()
    {
        await using var bench = await Bench.StartAsync(Cancel);
        await bench.Product.KillAsync();
        File.WriteAllText(bench.Product.Folder.In("appsettings.json"), "{ this is no JSON");

        await bench.Product.StartAgainAsync(Cancel);

        var asked = await bench.Agent.AskAsync("ops", "read_report", "{}", Cancel);
        Assert.Equal("succeeded", (await bench.Agent.WaitForEndAsync(asked.Id!, Cancel)).State);
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, _folder.Port);
        taken.Start();

        var ended = await ServeAsync();

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains($"127.0.0.1:{_folder.Port}", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("or set 'listen' to", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_servers_do_not_share_a_store()
    {
        await using var product = await Product.StartAsync(new ProductOptions(), Cancel);
        Edit("store: sqlite:data/countersign.db", $"store: sqlite:{product.Folder.Database}");
        Edit("key: data/ledger.key", $"key: {product.Folder.In("data/ledger.key")}");

        var ended = await ServeAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains(product.Folder.Database, ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);
    }

    private void Edit(string right, string wrong)
    {
        var text = File.ReadAllText(_folder.Configuration);
        File.WriteAllText(_folder.Configuration, text.Replace(right, wrong, StringComparison.Ordinal));
    }

    private Task<ProgramResult> ServeAsync(IEnumerable<KeyValuePair<string, string>>? variables = null) =>
        RunningProgram.RunAsync(
            new ProgramOptions(Repository.Binary, "serve", "--config", _folder.Configuration)
            {
                Environment = (variables ?? _folder.Variables).ToDictionary(),
                WorkingDirectory = _folder.Path,
            },
            Cancel);

    private void AssertNothingHappened(ProgramResult ended, params string[] said)
    {
        Assert.Equal(1, ended.ExitCode);
        Assert.Empty(ended.Output);
        Assert.All(said, part => Assert.Contains(part, ended.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Database));
    }
}
