using System.CommandLine;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger verify --store URL</c>: recomputes a whole store.</summary>
internal static class VerifyCommand
{
    private const string SqlitePrefix = "sqlite:";

    public static Command Create()
    {
        var receipt = new Argument<string?>("file")
        {
            Description = "A receipt or a tlog-proof to check.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var store = new Option<string?>("--store")
        {
            Description = "The store to recompute, like sqlite:data/countersign.db.",
        };
        var command = new Command(
            "verify",
            "Check a receipt, or recompute a ledger from its entries. Without --vkey or --policy only its " +
            "consistency is shown.")
        {
            receipt, store, TrustOptions.VerifierKey, TrustOptions.Policy, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var trusted = TrustOptions.Read(parsed);
            if (parsed.GetValue(receipt) is { } path && parsed.GetValue(store) is null)
            {
                return await ReceiptVerification.RunAsync(parsed, path, trusted, cancellationToken);
            }

            var url = parsed.GetValue(receipt) is null ? parsed.GetValue(store) : null;
            if (url is null)
            {
                throw new CommandFailure(ExitCode.Usage, "Give the FILE of a receipt, or --store URL.");
            }

            await using var file = new SqliteLedgerFile(
                url.StartsWith(SqlitePrefix, StringComparison.Ordinal) ? url[SqlitePrefix.Length..] : url);
            var report = await new LedgerAudit(file.Source, trusted).RunAsync(cancellationToken);
            Output.Write(parsed, ToJson(report), _ => ToText(report));
            return report.IsSound && !report.Signers.IsEmpty ? ExitCode.Succeeded : ExitCode.Failed;
        });
        return command;
    }

    private static JsonElement ToJson(AuditReport report) => JsonSerializer.SerializeToElement(new
    {
        verified = report.IsSound && !report.Signers.IsEmpty,
        self_consistent = report.IsSound,
        origin = report.Checkpoint?.Origin.ToString(),
        size = report.Checkpoint?.Size,
        root = report.Checkpoint?.Root.ToBase64(),
        signed_by = report.Signers,
        erased = report.Erased,
        faults = report.Faults,
    });

    private static string ToText(AuditReport report)
    {
        var lines = new List<string>();
        if (report.Checkpoint is { } checkpoint)
        {
            lines.Add($"{checkpoint.Origin}: {checkpoint.Size} entries, root {checkpoint.Root.ToBase64()}");
        }

        lines.AddRange(report.Faults.Select(fault => "FAULT  " + fault));
        if (report.IsSound)
        {
            lines.Add("Tree, tiles, leaves, chains and ciphertext hashes agree with the checkpoint.");
            lines.Add("Payloads were not decrypted; their ciphertexts are the ones the entries were made for.");
        }

        lines.Add((report.IsSound, report.Signers.IsEmpty) switch
        {
            (true, false) => $"Verified: signed by {string.Join(", ", report.Signers)}.",
            (true, true) =>
                "Self-consistent only: no trusted key signed this checkpoint. Give --vkey LINE or --policy FILE.",
            _ => "NOT verified.",
        });
        return string.Join('\n', lines);
    }
}
