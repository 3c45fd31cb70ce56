using System.CommandLine;
using Countersign.Server.Configuration;
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
            await using var node = await Node.StartAsync(settings, new NodeOptions(), cancellationToken);
            await Terminal.TellAsync($"Countersign listens on {node.Address}; the console is at {settings.Public}console.");
            await node.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Succeeded;
        });
        return command;
    }
}
