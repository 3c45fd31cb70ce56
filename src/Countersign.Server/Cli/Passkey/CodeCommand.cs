using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Core;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Cli.Passkey;

/// <summary>
/// <c>countersign passkey code</c>: whoever may read the keys of the ledger vouches for a person's first passkey. That
/// is how the first admin gets theirs.
/// </summary>
internal static class CodeCommand
{
    private static readonly Argument<string> Person = new("person")
    {
        Description = "The person, as the configuration names them.",
    };

    public static Command Create()
    {
        var command = new Command(
            "code", "Make a code with which a person enrols their first passkey. Run it where the server's keys are.")
        {
            Person, ServeCommand.Config, Output.Json,
        };
        command.Runs((parsed, _) =>
        {
            var settings = SettingsFile.Load(
                parsed.GetRequiredValue(ServeCommand.Config), Environment.GetEnvironmentVariable);
            var name = parsed.GetRequiredValue(Person);
            if (settings.People.Persons.FirstOrDefault(known => known.Id.Value == name) is not { } person)
            {
                throw new CommandFailure(
                    ExitCode.Failed, $"The configuration names no person '{name}': add them under 'people' first.");
            }

            if (SqliteStore.IsEmpty(settings.Database))
            {
                throw new CommandFailure(
                    ExitCode.Failed,
                    $"The store '{settings.Database}' is empty, so there are no keys yet: start the server first.");
            }

            using var keys = Keyring.Open(settings);
            var codes = new EnrolmentCodes(
                keys.DeriveKey(Keyring.ForPasskeys), TimeProvider.System.GetUtcNow, RandomNumberGenerator.Fill);
            var made = new { code = codes.Create(person.Id, admin: null), person = name };
            Output.Write(
                parsed, JsonSerializer.SerializeToElement(made), json => json.GetProperty("code").GetString()!);
            return Task.FromResult(ExitCode.Succeeded);
        });
        return command;
    }
}
