using System.CommandLine;
using Countersign.Server.Configuration;
using Countersign.Server.Demo;
using Countersign.Server.Hosting;

namespace Countersign.Server.Cli;

/// <summary><c>countersign demo</c>.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var auto = new Option<bool>("--auto") { Description = "Let the demo approve by itself, and end." };
        var port = new Option<int>("--port") { Description = "Listen here instead of on a free port." };
        var command = new Command(
            "demo", "Show the whole life of an action in one process: one call allowed, one refused, one held for you.")
        {
            auto, port,
        };
        command.Runs((parsed, cancellationToken) =>
            RunAsync(parsed.GetValue(auto), parsed.GetValue(port), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool auto, int port, CancellationToken cancellationToken)
    {
        await using var ops = await AcmeOps.StartAsync(cancellationToken);
        var files = DemoFiles.Create(ops.Address, port);
        var settings = SettingsFile.Load(
            files.Configuration, name => files.Variables.GetValueOrDefault(name));
        var options = new NodeOptions { AcceptsOneTimeLinks = true, LogsToTerminal = false };
        await using var node = await Node.StartAsync(settings, options, cancellationToken);
        var proved = await new DemoStory(node, files, ops, auto).TellAsync(cancellationToken);
        if (!auto && !global::System.Console.IsInputRedirected)
        {
            Terminal.WriteLine();
            Terminal.WriteLine("The console stays open until you press Ctrl+C.");
            await node.WaitForShutdownAsync(cancellationToken);
        }

        return proved ? ExitCode.Succeeded : ExitCode.Failed;
    }
}
