using System.CommandLine;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.Core.Reviews;

namespace Countersign.Server.Cli.Ledger;

/// <summary>
/// <c>countersign ledger verify FILE</c>: checks a receipt or a tlog-proof with the file and the reader's keys alone.
/// Whatever the file says is shown without control characters.
/// </summary>
internal static class ReceiptVerification
{
    public static async Task<int> RunAsync(
        ParseResult parsed, string path, IReadOnlyList<NoteVerifierKey> trusted, CancellationToken cancellationToken)
    {
        var file = await ReadAsync(path, cancellationToken);
        var report = TlogProof.IsOne(file)
            ? TlogProofCheck.Run(file, trusted)
            : new ReceiptVerifier(trusted).Verify(file);
        Output.Write(parsed, ToJson(report), _ => ToText(report));
        return report.IsVerified ? ExitCode.Succeeded : ExitCode.Failed;
    }

    private static async Task<byte[]> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Usage, $"The receipt '{path}' cannot be read: {failure.Message}");
        }
    }

    private static JsonElement ToJson(ReceiptReport report) => JsonSerializer.SerializeToElement(new
    {
        verified = report.IsVerified,
        self_consistent = report.IsSelfConsistent,
        action = report.Receipt?.Action.Value,
        story = report.Story,
        steps = report.Steps.Select(step => new
        {
            number = step.Number,
            title = step.Title,
            proved = step.Proved,
            not_proved = step.NotProved,
            doubts = step.Doubts.Select(found => new { doubt = found.Doubt.ToText(), text = found.Text }),
        }),
    });

    private static string ToText(ReceiptReport report)
    {
        var lines = new List<string>();
        if (report.Receipt is { } receipt)
        {
            lines.Add($"Receipt of {receipt.Action}");
        }

        lines.AddRange(report.Story.Select(line => "  " + Shown(line)));
        foreach (var step in report.Steps)
        {
            lines.Add($"{step.Number,2}. {step.Title}");
            lines.AddRange(step.Proved.Select(text => "    proved      " + Shown(text)));
            lines.AddRange(step.NotProved.Select(text => "    not proved  " + Shown(text)));
            lines.AddRange(step.Doubts.Select(found =>
                $"    DOUBT       {Shown(found.Text)} [{found.Doubt.ToText()}]"));
        }

        lines.Add((report.IsVerified, report.IsSelfConsistent) switch
        {
            (true, _) => "Verified. What is not proved is said above.",
            (_, true) => "Self-consistent only: give --policy FILE or --vkey LINE to say which log you trust.",
            _ => "NOT verified.",
        });
        return string.Join('\n', lines);
    }

    /// <summary>Leading spaces are ours; everything else may come from outside.</summary>
    private static string Shown(string text)
    {
        var indent = text.Length - text.TrimStart(' ').Length;
        return text[..indent] + DisplayText.OneLine(text[indent..]).Text;
    }
}
