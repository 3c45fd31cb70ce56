using System.CommandLine;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Cli;

/// <summary>Prints a code for a person, which whoever may read the ledger's keys makes without the server.</summary>
internal static class KeyedCode
{
    /// <param name="parsed">The command line, with the configuration.</param>
    /// <param name="named">Who the code is for.</param>
    /// <param name="whyNot">Why this configuration has no use for one; <c>null</c> when it has.</param>
    /// <param name="create">Makes the code.</param>
    public static int Print(
        ParseResult parsed,
        Argument<string> named,
        Func<Settings, string?> whyNot,
        Func<Keyring, PersonId, string> create)
    {
        var settings = SettingsFile.Load(
            parsed.GetRequiredValue(ServeCommand.Config), Environment.GetEnvironmentVariable);
        var name = parsed.GetRequiredValue(named);
        if (settings.People.Persons.FirstOrDefault(known => known.Id.Value == name) is not { } person)
        {
            throw new CommandFailure(
                ExitCode.Failed, $"The configuration names no person '{name}': add them under 'people' first.");
        }

        if (whyNot(settings) is { } useless)
        {
            throw new CommandFailure(ExitCode.Failed, useless);
        }

        if (SqliteStore.IsEmpty(settings.Database))
        {
            throw new CommandFailure(
                ExitCode.Failed,
                $"The store '{settings.Database}' is empty, so there are no keys yet: start the server first.");
        }

        using var keys = Keyring.Open(settings);
        var made = new Dictionary<string, string> { ["code"] = create(keys, person.Id), [named.Name] = name };
        Output.Write(parsed, JsonSerializer.SerializeToElement(made), json => json.GetProperty("code").GetString()!);
        return ExitCode.Succeeded;
    }
}
