using System.CommandLine;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Server.Hosting;

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
        command.Runs((parsed, _) => Task.FromResult(KeyedCode.Print(
            parsed,
            Person,
            static _ => null,
            (keys, person) => new EnrolmentCodes(
                keys.DeriveKey(Keyring.ForPasskeys), TimeProvider.System.GetUtcNow, RandomNumberGenerator.Fill)
                .Create(person, admin: null))));
        return command;
    }
}
