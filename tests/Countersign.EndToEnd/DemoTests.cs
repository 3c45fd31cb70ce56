using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>The first thing a newcomer runs.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_runs_by_itself_and_proves_what_it_did()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        // The promise to newcomers; a loaded machine gets some more before the test gives up.
        limit.CancelAfter(TimeSpan.FromSeconds(20) * 3);

        var demo = await RunningProgram.RunAsync(new ProgramOptions(Repository.Binary, "demo", "--auto"), limit.Token);

        Assert.True(demo.ExitCode == 0, demo.ToString());
        Assert.Contains("REFUSED act_", demo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("You are Alice", demo.Output, StringComparison.Ordinal);
        Assert.Contains("called 2 times: read_report, export_customers.", demo.Output, StringComparison.Ordinal);
        Assert.Contains("— demo.invalid/countersign", demo.Output, StringComparison.Ordinal);
        Assert.Contains("recomputed: verified", demo.Output, StringComparison.Ordinal);
        DemoOutput.RemoveFolder(demo.Output);
    }

    [Fact]
    public async Task The_printed_line_approves_what_the_demo_holds()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var demo = RunningProgram.Start(new ProgramOptions(Repository.Binary, "demo"));

        var line = await DemoOutput.FindLineAsync(demo, "COUNTERSIGN_URL=", cancellationToken);
        var approved = await RunningProgram.RunAsync(new ProgramOptions("bash", "-c", line.Trim()), cancellationToken);
        var ended = await demo.WaitAsync(cancellationToken);

        Assert.True(approved.ExitCode == 0, approved.ToString());
        Assert.Contains("Recorded.", approved.Output, StringComparison.Ordinal);
        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Contains("2,Bill Lizard,UK", ended.Output, StringComparison.Ordinal);
        Assert.Contains("recomputed: verified", ended.Output, StringComparison.Ordinal);
        DemoOutput.RemoveFolder(ended.Output);
    }

    [Fact]
    public async Task The_printed_verification_line_verifies_the_ledger_after_the_demo_ended()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var options = new ProgramOptions(Repository.Binary, "demo", "--auto");
        var demo = await RunningProgram.RunAsync(options, cancellationToken);

        var line = demo.Output.Split('\n')
            .Single(text => text.Contains("./countersign ledger verify", StringComparison.Ordinal));
        var verified = await RunningProgram.RunAsync(new ProgramOptions("bash", "-c", line.Trim()), cancellationToken);

        Assert.True(verified.ExitCode == 0, verified.ToString());
        Assert.Contains("Verified: signed by demo.invalid/countersign", verified.Output, StringComparison.Ordinal);
        DemoOutput.RemoveFolder(demo.Output);
    }
}
