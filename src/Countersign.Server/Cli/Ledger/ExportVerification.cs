using System.CommandLine;
using System.Text.Json;
using Countersign.Server.Exports;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger verify --export FILE</c>: checks what <c>ledger export</c> wrote.</summary>
internal static class ExportVerification
{
    public static Option<string?> File { get; } = new("--export")
    {
        Description = "The export to check, as 'countersign ledger export' wrote it.",
    };

    public static async Task<int> RunAsync(ParseResult parsed, string path, CancellationToken cancellationToken)
    {
        var report = await new ExportAudit(TrustOptions.Read(parsed)).RunAsync(path, cancellationToken);
        var isVerified = report.Faults.IsEmpty && !report.Signers.IsEmpty;
        Output.Write(
            parsed,
            JsonSerializer.SerializeToElement(new
            {
                verified = isVerified,
                complete = report.Faults.IsEmpty,
                from = report.Head?.From,
                to = report.Head?.To,
                payloads = report.Head?.WithPayloads,
                withheld = report.Withheld,
                signed_by = report.Signers,
                faults = report.Faults,
            }),
            _ => ToText(report));
        return isVerified ? ExitCode.Succeeded : ExitCode.Failed;
    }

    private static string ToText(ExportReport report)
    {
        var lines = new List<string>(report.Faults.Select(fault => "FAULT  " + fault));
        if (report.Faults.IsEmpty)
        {
            lines.Add($"Complete: {report.Head!.To - report.Head.From} entries, {report.Head.From} to " +
                $"{report.Head.To - 1}, lead from the one checkpoint to the other.");
            lines.Add(report.Head.WithPayloads
                ? $"Payloads were opened with their keys and are what the entries were made for; {report.Withheld} are "
                    + "erased."
                : "Payloads are not part of this export.");
        }

        lines.Add((report.Faults.IsEmpty, report.Signers.IsEmpty) switch
        {
            (true, false) => $"Verified: signed by {string.Join(", ", report.Signers)}.",
            (true, true) =>
                "Self-consistent only: no trusted key signed its checkpoints. Give --vkey LINE or --policy FILE.",
            _ => "NOT verified.",
        });
        return string.Join('\n', lines);
    }
}
