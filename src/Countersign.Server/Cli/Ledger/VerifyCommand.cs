using System.CommandLine;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger verify</c>: a store, or an export.</summary>
internal static class VerifyCommand
{
    private static readonly Option<string?> Store = new("--store")
    {
        Description = "The store to recompute, like sqlite:data/countersign.db.",
    };

    public static Command Create()
    {
        var command = new Command(
            "verify", "Recompute a ledger from its entries. Without --vkey or --policy only its consistency is shown.")
        {
            Store, StoreVerification.PayloadKeyFile, StoreVerification.Config, StoreVerification.Seen,
            ExportVerification.File, TrustOptions.VerifierKey, TrustOptions.Policy, Output.Json,
        };
        command.Runs((parsed, cancellationToken) => (parsed.GetValue(Store), parsed.GetValue(ExportVerification.File))
            switch
            {
                ({ } url, null) => StoreVerification.RunAsync(parsed, url, cancellationToken),
                (null, { } file) => ExportVerification.RunAsync(parsed, file, cancellationToken),
                _ => throw new CommandFailure(ExitCode.Usage, "Give either --store URL or --export FILE."),
            });
        return command;
    }
}
