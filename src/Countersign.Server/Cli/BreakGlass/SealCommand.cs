using System.CommandLine;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Server.Hosting;

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
        command.Runs((parsed, _) => Task.FromResult(KeyedCode.Print(
            parsed,
            Custodian,
            settings => settings.BreakGlass is null
                ? "The configuration has no section 'break_glass', so no code would break anything."
                : null,
            (keys, custodian) => new BreakGlassCodes(
                keys.DeriveKey(Keyring.ForBreakGlass), TimeProvider.System.GetUtcNow, RandomNumberGenerator.Fill)
                .Create(custodian))));
        return command;
    }
}
