using Countersign.Server.Cli;
using Countersign.Server.Cli.Hook;

namespace Countersign.Tests.Cli.Hook;

/// <summary>What goes the short way is exactly what is installed.</summary>
public sealed class HookEntryTests
{
    [Fact]
    public void An_installed_command_is_read_without_the_command_tree()
    {
        var options = HookEntry.TryRead(
            "hook copilot --target laptop --credentials /c.json --event preToolUse --timeout 60".Split(' '));

        Assert.Equal(
            new HookOptions(HookHost.Find("copilot")!)
            {
                Target = "laptop",
                Credentials = "/c.json",
                EventName = "preToolUse",
                Timeout = TimeSpan.FromSeconds(60),
            },
            options);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("hook")]
    [InlineData("hook another")]
    [InlineData("hook codex --install")]
    [InlineData("hook codex --timeout")]
    [InlineData("hook codex --timeout soon")]
    [InlineData("hook codex --timeout -5")]
    [InlineData("hook codex --another x")]
    [InlineData("hook codex --help")]
    public void Everything_else_is_the_command_trees(string line) => Assert.Null(HookEntry.TryRead(line.Split(' ')));

    /// <summary>What is wrong with a command line must end as a block does, whoever says it.</summary>
    [Fact]
    public void A_wrong_command_line_ends_with_the_code_that_blocks() =>
        Assert.Equal(HookHost.Blocked, ExitCode.Usage);
}
