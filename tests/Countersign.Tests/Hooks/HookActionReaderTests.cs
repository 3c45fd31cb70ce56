using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Gates.Hooks;

namespace Countersign.Tests.Hooks;

public sealed class HookActionReaderTests
{
    [Fact]
    public void A_simple_command_has_a_program_and_its_words()
    {
        var facts = FactsOf("Bash", """{"host":"claude-code","cwd":"/src","input":{"command":"git push --force"}}""");

        Assert.Equal("git", facts["program"]);
        Assert.Equal(["push", "--force"], (ImmutableArray<string>)facts["argv"]);
        // The shell may find another program by that name, and a program may be an interpreter of its words.
        Assert.Equal(true, facts["opaque"]);
        Assert.Equal("Bash", facts["tool"]);
        Assert.Equal("/src", facts["working_directory"]);
        Assert.Equal("git push --force", ((JsonElement)facts["input"]).GetProperty("command").GetString());
    }

    [Theory]
    [InlineData("Bash", """{"host":"claude-code","cwd":"/","input":{"command":"git push; rm x"}}""")]
    [InlineData("PowerShell", """{"host":"claude-code","cwd":"/","input":{"command":"git push"}}""")]
    [InlineData("Bash", """{"host":"claude-code","cwd":"/","input":{"command":["git"]}}""")]
    [InlineData("Bash", """{"host":"claude-code","cwd":"/","input":{}}""")]
    [InlineData("mcp__x__run", """{"host":"claude-code","cwd":"/","input":{"command":"git push"}}""")]
    [InlineData("Write", """{"host":"claude-code","cwd":"/","input":{"file_path":"/x","content":""}}""")]
    [InlineData("Bash", """{"host":"another","cwd":"/","input":{"command":"git push"}}""")]
    public void What_is_no_simple_command_of_a_known_shell_has_no_program(string tool, string arguments)
    {
        var facts = FactsOf(tool, arguments);

        Assert.Equal(true, facts["opaque"]);
        Assert.Equal("", facts["program"]);
        Assert.Empty((ImmutableArray<string>)facts["argv"]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"host":"codex","cwd":"/"}""")]
    [InlineData("""{"host":"codex","input":{}}""")]
    [InlineData("""{"host":"codex","cwd":"/","input":"ls"}""")]
    [InlineData("""{"host":"codex","cwd":null,"input":{}}""")]
    [InlineData("""{"host":1,"cwd":"/","input":{}}""")]
    [InlineData("""{"host":"codex","cwd":"/","input":{},"tool_use_id":"t"}""")]
    public void Arguments_of_another_shape_are_refused(string arguments)
    {
        var (asking, problem) = HookActionReader.Complete(Asked("Bash", arguments));

        Assert.Null(asking);
        Assert.Equal((400, "malformed-action"), (problem!.Status, problem.Slug));
    }

    [Fact]
    public void A_probe_is_always_refused()
    {
        var (asking, problem) = HookActionReader.Complete(
            Asked(HookActionReader.Probe, """{"host":"codex","cwd":"/","input":{}}"""));

        Assert.Null(asking);
        Assert.Equal((403, HookActionReader.ProbeRefused), (problem!.Status, problem.Detail));
    }

    private static ImmutableSortedDictionary<string, object> FactsOf(string tool, string arguments)
    {
        var (asking, problem) = HookActionReader.Complete(Asked(tool, arguments));
        Assert.True(problem is null, problem?.Detail);
        Assert.Equal("command", asking!.Facts.Variable);
        return asking.Facts.Members;
    }

    private static Asking Asked(string tool, string arguments)
    {
        var target = new Target(new TargetName("laptop"), GateKind.Hook, "development");
        Assert.True(CanonicalJson.TryCanonicalize(
            System.Text.Encoding.UTF8.GetBytes(arguments), JsonLimits.Default, out var canonical, out _));
        return new Asking(
            new Asker(new AgentId("bot"), OnBehalfOf: null),
            target,
            GateKind.Api,
            CanonicalAction.Of(target.Name, tool, canonical));
    }
}
