using System.CommandLine;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Server.Configuration;
using Countersign.Server.Keys;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger key</c>.</summary>
internal static class KeyCommand
{
    public static Command Create()
    {
        var command = new Command("key", "Print the vkey line that strangers verify this log with.")
        {
            ServeCommand.Config, Output.Json,
        };
        command.Runs((parsed, _) =>
        {
            var settings = SettingsFile.Load(
                parsed.GetRequiredValue(ServeCommand.Config), Environment.GetEnvironmentVariable);
            if (!File.Exists(settings.Ledger.KeyFile))
            {
                throw new CommandFailure(
                    ExitCode.Failed,
                    $"There is no key '{settings.Ledger.KeyFile}' yet; " +
                    "'countersign serve' makes it when it starts first.");
            }

            try
            {
                using var key = new LedgerKey(
                    new KeyName(settings.Ledger.Origin), KeyFile.Load(settings.Ledger.KeyFile));
                Output.Write(
                    parsed,
                    JsonSerializer.SerializeToElement(new { vkey = key.VerifierKey.ToString() }),
                    made => made.GetProperty("vkey").GetString()!);
            }
            catch (Exception failure) when (failure is KeyFileException or LibCryptoMissingException or IOException)
            {
                throw new CommandFailure(ExitCode.Failed, failure.Message);
            }

            return Task.FromResult(ExitCode.Succeeded);
        });
        return command;
    }
}
