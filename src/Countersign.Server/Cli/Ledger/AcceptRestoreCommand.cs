using System.CommandLine;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Gates.Access;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger accept-restore</c>; the server must be stopped.</summary>
internal static class AcceptRestoreCommand
{
    private const string TokenVariable = "COUNTERSIGN_TOKEN";

    public static Command Create()
    {
        var comment = new Option<string>("--comment")
        {
            Description = "Why this copy is to be used; the ledger keeps it.",
            Required = true,
        };
        var command = new Command(
            "accept-restore",
            "Go on from a restored copy that the head file refuses; the server must be stopped. It takes two " +
            "persons, each with this command and their own token. Everything that is open is superseded, and the " +
            "ledger says what was done.")
        {
            ServeCommand.Config, comment, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var settings = SettingsFile.Load(
                parsed.GetRequiredValue(ServeCommand.Config), Environment.GetEnvironmentVariable);
            var person = PersonOf(settings);
            using var keys = Keyring.Open(settings);
            var acceptance = new RestoreAcceptance(Node.StoreOptionsOf(settings, keys, TimeProvider.System));
            var answer = await acceptance.AcceptAsync(
                person, parsed.GetRequiredValue(comment).Trim(), cancellationToken);
            Output.Write(parsed, ToJson(answer), _ => ToText(answer));
            return answer.IsAccepted ? ExitCode.Succeeded : ExitCode.Pending;
        });
        return command;
    }

    private static PersonId PersonOf(Settings settings)
    {
        var token = Environment.GetEnvironmentVariable(TokenVariable)?.Trim();
        if (token is not { Length: > 0 })
        {
            throw new CommandFailure(ExitCode.Usage, $"Set {TokenVariable} to your token.");
        }

        return new Tokens(settings.Tokens).Find(token) is Caller.OfPerson { Voter.Person: var person }
            ? person
            : throw new CommandFailure(
                ExitCode.Failed, $"The configuration knows no person with this token; see {TokenVariable}.");
    }

    private static JsonElement ToJson(RestoreAnswer answer) => JsonSerializer.SerializeToElement(new
    {
        accepted = answer.IsAccepted,
        size = answer.Size,
        lost = answer.Lost,
        superseded = answer.Superseded,
    });

    private static string ToText(RestoreAnswer answer)
    {
        var lost = answer.Lost is { } entries ? $" The head file has seen {entries} entries more; they are lost." : "";
        return answer.IsAccepted
            ? $"Accepted: the ledger goes on from {answer.Size} entries and says so.{lost} Requests superseded: "
                + $"{answer.Superseded}. Start the server, and tell whoever keeps older checkpoints."
            : $"Recorded: 1 of 2 persons accept the copy with {answer.Size} entries.{lost} Another person has to run "
                + "the same command with their token within the hour.";
    }
}
