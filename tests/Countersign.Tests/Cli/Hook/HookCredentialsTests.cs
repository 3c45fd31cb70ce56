using Countersign.Server.Cli.Hook.Install;

namespace Countersign.Tests.Cli.Hook;

public sealed class HookCredentialsTests
{
    private const string Mine = """{"url":"http://server.example:7070","token":"token-of-a-file","target":"laptop"}""";

    private const UnixFileMode OfUser = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_of_the_user_serves_where_the_environment_says_nothing()
    {
        using var bench = new HookBench();
        bench.Variables.Remove("COUNTERSIGN_URL");
        bench.Variables.Remove("COUNTERSIGN_TOKEN");
        bench.WriteCredentials(Mine, OfUser);

        Assert.Equal(0, (await bench.RunAsync("codex", Told.Codex, Cancelled)).ExitCode);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_file_that_others_can_read_or_write_blocks(UnixFileMode others)
    {
        using var bench = new HookBench();
        bench.Variables.Remove("COUNTERSIGN_TOKEN");
        bench.WriteCredentials(Mine, OfUser | others);

        var reason = HookBlockTests.AssertBlocks("codex", await bench.RunAsync("codex", Told.Codex, Cancelled));

        Assert.Contains("chmod 600", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("token-of-a-file", reason, StringComparison.Ordinal);
    }

    /// <summary>A repository can bring variables along, and a server that it names would approve everything.</summary>
    [Fact]
    public async Task A_named_file_is_the_only_source()
    {
        using var bench = new HookBench();
        bench.Variables["COUNTERSIGN_URL"] = "http://evil.example";
        bench.WriteCredentials("""{"url":"http://server.example:7070"}""", OfUser);
        var options = HookBench.OptionsOf("codex") with { Credentials = bench.Folders.Credentials };
        using var told = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Told.Codex));

        var reason = HookBlockTests.AssertBlocks("codex", await bench.RunAsync(options, told, Cancelled));

        Assert.Contains("does not know the token", reason, StringComparison.Ordinal);
        Assert.Empty(bench.Server.Calls);
    }

    [Theory]
    [InlineData("COUNTERSIGN_URL", "")]
    [InlineData("COUNTERSIGN_TOKEN", "")]
    [InlineData("COUNTERSIGN_URL", "server.example")]
    [InlineData("COUNTERSIGN_URL", "file:///etc/passwd")]
    [InlineData("COUNTERSIGN_TOKEN", "two words")]
    public async Task What_is_missing_or_wrong_blocks(string variable, string value)
    {
        using var bench = new HookBench();
        bench.Variables[variable] = value;

        HookBlockTests.AssertBlocks("codex", await bench.RunAsync("codex", Told.Codex, Cancelled));
        Assert.Empty(bench.Server.Calls);
    }

    /// <summary>What a repository brings along may change the environment, and no file of the user's.</summary>
    [Fact]
    public void The_users_own_file_is_named_as_soon_as_there_is_one()
    {
        using var bench = new HookBench();
        Assert.Null(HookInstaller.FindCredentials(bench.Folders));

        bench.WriteCredentials("{}", OfUser);

        Assert.Equal(bench.Folders.Credentials, HookInstaller.FindCredentials(bench.Folders));
    }
}
