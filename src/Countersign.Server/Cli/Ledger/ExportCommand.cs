using System.CommandLine;
using System.Text.Json;
using Countersign.Server.Exports;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger export</c>: a slice of the log, with the proof that none of it is missing.</summary>
internal static class ExportCommand
{
    private const string Csv = "csv";

    private static readonly Option<long> From = new("--from")
    {
        Description = "Size of the log before the first row; a checkpoint was signed there. 0 is the beginning.",
    };

    private static readonly Option<long?> To = new("--to")
    {
        Description = "Size of the log behind the last row; the latest checkpoint when left out.",
    };

    private static readonly Option<string> Format = new("--format")
    {
        Description = "jsonl, or csv for spreadsheets: then the proof is a second file, FILE.proof.json.",
        DefaultValueFactory = _ => "jsonl",
    };

    private static readonly Option<bool> Payloads = new("--payloads")
    {
        Description = "With what the entries say, and the keys that prove it; for admins.",
    };

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "What it is for; the ledger keeps it.",
        Required = true,
    };

    private static readonly Option<string> File = new("--out")
    {
        Description = "The file to write; it may not exist.",
        Required = true,
    };

    public static Command Create()
    {
        Format.AcceptOnlyFromAmong("jsonl", Csv);
        var command = new Command(
            "export",
            "Export the entries between two checkpoints, with the proof that they are all of them. That it was done " +
            "is an entry of its own; 'ledger verify --export FILE' checks the file.")
        {
            From, To, Format, Payloads, Reason, File, ApiConnection.Url, Output.Json,
        };
        command.Runs(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = parsed.GetRequiredValue(File);
        var isCsv = parsed.GetRequiredValue(Format) == Csv;
        foreach (var name in isCsv ? (string[])[path, ExportFile.HeadOf(path)] : [path])
        {
            if (System.IO.File.Exists(name))
            {
                throw new CommandFailure(ExitCode.Usage, $"'{name}' exists already; give another name with --out.");
            }
        }

        using var api = ApiConnection.Open(parsed);
        var wish = new
        {
            from = parsed.GetValue(From),
            to = parsed.GetValue(To),
            payloads = parsed.GetValue(Payloads),
            reason = parsed.GetRequiredValue(Reason),
        };
        try
        {
            await using var lines = await api.PostForStreamAsync("/ledger/exports", wish, cancellationToken);
            await (isCsv
                ? ExportFile.WriteCsvAsync(lines, path, cancellationToken)
                : WriteAsync(lines, path, cancellationToken));
            var report = await new ExportAudit([]).RunAsync(path, cancellationToken);
            if (!report.Faults.IsEmpty)
            {
                throw new FormatException(report.Faults[0]);
            }

            Output.Write(parsed, ToJson(report.Head!, path), _ => ToText(report.Head!, path));
            return ExitCode.Succeeded;
        }
        catch (Exception broken) when (broken is FormatException or JsonException or HttpIOException or IOException)
        {
            throw new CommandFailure(
                ExitCode.Failed, $"The export did not come whole, do not use '{path}': {broken.Message}");
        }
    }

    private static async Task WriteAsync(Stream lines, string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        await lines.CopyToAsync(file, cancellationToken);
    }

    private static JsonElement ToJson(ExportHead head, string path) => JsonSerializer.SerializeToElement(new
    {
        file = path,
        from = head.From,
        to = head.To,
        rows = head.To - head.From,
        payloads = head.WithPayloads,
        entry = head.Entry,
    });

    private static string ToText(ExportHead head, string path) =>
        $"Wrote {head.To - head.From} entries, {head.From} to {head.To - 1}, to {path}; entry {head.Entry} says so. "
        + "Whoever gets it checks it with 'countersign ledger verify --export FILE --vkey LINE'.";
}
