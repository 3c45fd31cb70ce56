using System.CommandLine;
using Countersign.Server.Configuration;
using Countersign.Server.Demo;
using Countersign.Server.Hosting;

namespace Countersign.Server.Cli;

/// <summary><c>countersign serve</c>.</summary>
internal static class ServeCommand
{
    public static Option<string> Config { get; } = new("--config")
    {
        Description = "The configuration file.",
        DefaultValueFactory = _ => "countersign.yaml",
    };

    public static Command Create()
    {
        var command = new Command("serve", "Run the gateway.") { Config };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var settings = SettingsFile.Load(parsed.GetRequiredValue(Config), Environment.GetEnvironmentVariable);
            RefuseDemo(settings);
            if (SocketThreads.IsWorthIt(settings))
            {
                SocketThreads.GoOnInline();
            }

            await using var node = await Node.StartAsync(settings, new NodeOptions(), cancellationToken);
            await Terminal.TellAsync(
                $"Countersign listens on {node.Address}; the console is at {node.Public}console.");
            await node.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Succeeded;
        });
        return command;
    }

    /// <summary>A demo's keys and tokens were printed on a terminal: nothing real may ever hang on them.</summary>
    private static void RefuseDemo(Settings settings)
    {
        if (settings.Ledger.Origin == DemoFiles.Origin)
        {
            throw new ConfigurationException(
                $"The origin '{DemoFiles.Origin}' marks a demo, whose keys are not for real work: start a " +
                "configuration of your own, with its own ledger.origin, keys and store.");
        }
    }
}
