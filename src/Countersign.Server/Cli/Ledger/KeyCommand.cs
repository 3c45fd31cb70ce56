using System.CommandLine;
using System.Text.Json;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Keys;
using Countersign.Server.Storage;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger key</c>.</summary>
internal static class KeyCommand
{
    public static Command Create()
    {
        var seal = new Option<bool>("--seal")
        {
            Description = "Encrypt the key files that lie in the clear under ledger.passphrase first.",
        };
        var command = new Command("key", "Print the vkey line that strangers verify this log with.")
        {
            ServeCommand.Config, seal, Output.Json,
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
                if (parsed.GetValue(seal))
                {
                    Seal(settings.Ledger);
                }

                using var key = Keyring.LedgerKeyOf(settings.Ledger);
                Output.Write(
                    parsed,
                    JsonSerializer.SerializeToElement(new
                    {
                        vkey = key.VerifierKey.ToString(),
                        previous = key.PreviousVerifierKey?.ToString(),
                    }),
                    made => made.GetProperty("vkey").GetString()!);
            }
            catch (Exception failure) when (failure
                is KeyFileException or LibCryptoMissingException or IOException or FormatException)
            {
                throw new CommandFailure(ExitCode.Failed, failure.Message);
            }

            return Task.FromResult(ExitCode.Succeeded);
        });
        return command;
    }

    /// <summary>Seals what lies in the clear; what is sealed already stays as it is.</summary>
    private static void Seal(LedgerSettings ledger)
    {
        var passphrase = ledger.Passphrase ?? throw new CommandFailure(
            ExitCode.Usage, "The configuration has no ledger.passphrase to encrypt the keys under.");
        foreach (var (path, seal) in (IEnumerable<(string?, Action<string, string>)>)
            [
                (ledger.KeyFile, KeyFile.Seal),
                (ledger.PreviousKeyFile, KeyFile.Seal),
                (ledger.PayloadKeyFile, PayloadKey.Seal),
            ])
        {
            if (path is not null && File.Exists(path) && !IsSealed(path))
            {
                seal(path, passphrase);
            }
        }
    }

    private static bool IsSealed(string path) =>
        File.ReadAllText(path).Contains("-----BEGIN ENCRYPTED ", StringComparison.Ordinal);
}
