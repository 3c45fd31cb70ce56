using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Core;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Cli.BreakGlass;

/// <summary>
/// <c>countersign break-glass seal</c>: whoever may read the keys of the ledger makes the code of a custodian, who
/// seals it in an envelope. Whoever breaks the glass needs those of two.
/// </summary>
internal static class SealCommand
{
    private static readonly Argument<string> Custodian = new("custodian")
    {
        Description = "The person who keeps the envelope, as the configuration names them.",
    };

    public static Command Create()
    {
        var command = new Command(
            "seal", "Make the code that a custodian seals in an envelope. Run it where the server's keys are.")
        {
            Custodian, ServeCommand.Config, Output.Json,
        };
        command.Runs((parsed, _) =>
        {
            var settings = SettingsFile.Load(
                parsed.GetRequiredValue(ServeCommand.Config), Environment.GetEnvironmentVariable);
            var name = parsed.GetRequiredValue(Custodian);
            if (settings.People.Persons.FirstOrDefault(known => known.Id.Value == name) is not { } person)
            {
                throw new CommandFailure(
                    ExitCode.Failed, $"The configuration names no person '{name}': add them under 'people' first.");
            }

            if (settings.BreakGlass is null)
            {
                throw new CommandFailure(
                    ExitCode.Failed,
                    "The configuration has no section 'break_glass', so no code would break anything.");
            }

            if (SqliteStore.IsEmpty(settings.Database))
            {
                throw new CommandFailure(
                    ExitCode.Failed,
                    $"The store '{settings.Database}' is empty, so there are no keys yet: start the server first.");
            }

            using var keys = Keyring.Open(settings);
            var codes = new BreakGlassCodes(
                keys.DeriveKey(Keyring.ForBreakGlass), TimeProvider.System.GetUtcNow, RandomNumberGenerator.Fill);
            var made = new { code = codes.Create(person.Id), custodian = name };
            Output.Write(
                parsed, JsonSerializer.SerializeToElement(made), json => json.GetProperty("code").GetString()!);
            return Task.FromResult(ExitCode.Succeeded);
        });
        return command;
    }
}
