using System.CommandLine;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger verify</c>: a receipt, a store, or an export.</summary>
internal static class VerifyCommand
{
    private static readonly Argument<string?> Receipt = new("file")
    {
        Description = "A receipt or a tlog-proof to check.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Store = new("--store")
    {
        Description = "The store to recompute, like sqlite:data/countersign.db.",
    };

    public static Command Create()
    {
        var command = new Command(
            "verify",
            "Check a receipt or an export, or recompute a ledger from its entries. Without --vkey or --policy only " +
            "its consistency is shown.")
        {
            Receipt, Store, StoreVerification.PayloadKeyFile, StoreVerification.Config, StoreVerification.Seen,
            ExportVerification.File, TrustOptions.VerifierKey, TrustOptions.Policy, Output.Json,
        };
        command.Runs((parsed, cancellationToken) =>
            (parsed.GetValue(Receipt), parsed.GetValue(Store), parsed.GetValue(ExportVerification.File)) switch
            {
                ({ } path, null, null) => ReceiptVerification.RunAsync(
                    parsed, path, TrustOptions.Read(parsed), cancellationToken),
                (null, { } url, null) => StoreVerification.RunAsync(parsed, url, cancellationToken),
                (null, null, { } file) => ExportVerification.RunAsync(parsed, file, cancellationToken),
                _ => throw new CommandFailure(
                    ExitCode.Usage, "Give the FILE of a receipt, or --store URL, or --export FILE."),
            });
        return command;
    }
}
