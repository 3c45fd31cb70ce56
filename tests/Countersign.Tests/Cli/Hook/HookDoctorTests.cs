using Countersign.Server.Cli.Hook;
using Countersign.Server.Cli.Hook.Install;
using Countersign.Tests.Support;

namespace Countersign.Tests.Cli.Hook;

/// <summary>What the doctor runs of what it finds.</summary>
public sealed class HookDoctorTests : IDisposable
{
    private const string Program = "/opt/countersign/countersign";

    private readonly TemporaryFolder _folder = new();

    private HookPlaces Places => new(
        name => name == "HOME" ? _folder.PathOf("home") : null, _folder.PathOf("project"), _folder.PathOf("system"));

    /// <summary>Settings may come with a repository, which wants the doctor to run its program.</summary>
    [Theory]
    [InlineData("\\\"PROGRAM\\\"", "\\\"FOLDER/impostor\\\"")]
    [InlineData("\\\"PROGRAM\\\"", "\\\"$(touch FOLDER/ran)\\\"")]
    [InlineData("DOTNET_gcServer=0 ", "DOTNET_gcServer=0 DOTNET_ROOT=\\\"FOLDER\\\" ")]
    [InlineData("/bin/sh -c", "touch FOLDER/ran; /bin/sh -c")]
    public async Task The_doctor_runs_no_command_of_somebody_elses(string from, string to)
    {
        var impostor = _folder.PathOf("impostor");
        File.WriteAllText(
            impostor, $"#!/bin/sh\ntouch '{_folder.PathOf("ran")}'\necho refused on purpose >&2\nexit 2\n");
        File.SetUnixFileMode(
            impostor, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var claude = HookHost.Find("claude-code")!;
        HookInstaller.Install(
            new HookCommandLine(Program, HookBench.OptionsOf("claude-code")), HookScope.User, Places);
        var path = HookPlan.Of(claude).PathOf(HookScope.User, Places);
        var text = File.ReadAllText(path);
        from = from.Replace("PROGRAM", Program, StringComparison.Ordinal);
        Assert.Contains(from, text, StringComparison.Ordinal);
        var folder = Path.GetDirectoryName(impostor)!;
        File.WriteAllText(path, text.Replace(
            from, to.Replace("FOLDER", folder, StringComparison.Ordinal), StringComparison.Ordinal));

        var findings = await new HookDoctor(claude, Places, (Program, null)).RunAsync(
            TestContext.Current.CancellationToken);

        Assert.False(File.Exists(_folder.PathOf("ran")));
        Assert.Contains(findings, finding =>
            finding.Ok == false && finding.Text.Contains("not proven, and not run", StringComparison.Ordinal));
        Assert.DoesNotContain(findings, finding => finding.Ok == true);
    }

    public void Dispose() => _folder.Dispose();
}
