using Countersign.Gates.Hooks;

namespace Countersign.Tests.Hooks;

public sealed class ShellCommandTests
{
    [Theory]
    [InlineData("ls", "ls")]
    [InlineData("  git   status --short ", "git|status|--short")]
    [InlineData("grep 'a b; c && $(d)' x.txt", "grep|a b; c && $(d)|x.txt")]
    [InlineData("echo \"two words\"'glued' plain", "echo|two wordsglued|plain")]
    [InlineData("echo ''", "echo|")]
    [InlineData("./build.sh --mode=fast", "./build.sh|--mode=fast")]
    [InlineData("git\tlog", "git|log")]
    [InlineData("printf '%s' 'ü'", "printf|%s|ü")]
    public void One_simple_command_is_its_words(string line, string words)
    {
        var command = ShellCommand.TryParse(line);

        Assert.NotNull(command);
        Assert.Equal(words, string.Join('|', command.Words.Prepend(command.Program)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("ls; rm -rf /")]
    [InlineData("ls && rm x")]
    [InlineData("ls || rm x")]
    [InlineData("ls | sh")]
    [InlineData("ls & rm x")]
    [InlineData("ls\nrm x")]
    [InlineData("ls\rrm x")]
    [InlineData("ls > /etc/passwd")]
    [InlineData("sh <<EOF")]
    [InlineData("cat <(ls)")]
    [InlineData("echo $HOME")]
    [InlineData("echo $(id)")]
    [InlineData("echo `id`")]
    [InlineData("echo \"$(id)\"")]
    [InlineData("echo \"`id`\"")]
    [InlineData("echo \"a\\\"b\"")]
    [InlineData("echo a\\;b")]
    [InlineData("rm *.txt")]
    [InlineData("rm a?")]
    [InlineData("rm [ab]")]
    [InlineData("rm {a,b}")]
    [InlineData("cat ~/.ssh/id")]
    [InlineData("X=1 ls")]
    [InlineData("ls =sh")]
    [InlineData("(ls)")]
    [InlineData("{ ls; }")]
    [InlineData("! ls")]
    [InlineData("if true")]
    [InlineData("time ls")]
    [InlineData("env X=1 sh")]
    [InlineData("sudo ls")]
    [InlineData("eval ls")]
    [InlineData("exec ls")]
    [InlineData("command ls")]
    [InlineData(". ./file")]
    [InlineData("ls # comment")]
    [InlineData("echo 'unclosed")]
    [InlineData("echo \"unclosed")]
    [InlineData("''")]
    [InlineData("ls \u00a0-l")]
    [InlineData("ls\u0000rm")]
    [InlineData("echo 'a\nb'")]
    public void Whatever_else_a_shell_knows_is_opaque(string line) => Assert.Null(ShellCommand.TryParse(line));

    [Fact]
    public void A_very_long_command_is_opaque() =>
        Assert.Null(ShellCommand.TryParse("ls " + new string('a', ShellCommand.MaxLength)));
}
