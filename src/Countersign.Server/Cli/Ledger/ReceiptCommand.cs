using System.CommandLine;
using Countersign.Server.Cli.Action;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger receipt ID</c>: the portable proof of one action, from a running server.</summary>
internal static class ReceiptCommand
{
    public static Command Create()
    {
        var id = ActionArgument.Create();
        var format = new Option<string>("--format")
        {
            Description = "json (the default): everything the reader may see; tlog-proof: the proof of one entry.",
            DefaultValueFactory = _ => "json",
        };
        format.AcceptOnlyFromAmong("json", "tlog-proof", "sigstore");
        var entry = new Option<long?>("--entry")
        {
            Description = "Which entry a tlog-proof is about; the latest of the action without it.",
        };
        var reveal = new Option<string?>("--reveal")
        {
            Description = "A reason to be shown what cards hide as well; the ledger keeps it. For reviewers.",
        };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "A file to write; standard output without it.",
        };
        var command = new Command("receipt", "Fetch the receipt of an action, which 'ledger verify' checks anywhere.")
        {
            id, format, entry, reveal, output, ApiConnection.Url, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            using var api = ApiConnection.Open(parsed);
            var path = $"/v1/actions/{ActionArgument.Read(parsed, id)}/receipt";
            var index = parsed.GetValue(entry) is { } number ? $"&entry={number}" : "";
            var bytes = parsed.GetValue(reveal) is { } reason
                ? await api.ReadBytesAsync(path, new { reason }, cancellationToken)
                : await api.ReadBytesAsync($"{path}?format={parsed.GetValue(format)}{index}", cancellationToken);
            await WriteAsync(bytes, parsed.GetValue(output), cancellationToken);
            return ExitCode.Succeeded;
        });
        return command;
    }

    private static async Task WriteAsync(byte[] bytes, string? path, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            await using var output = System.Console.OpenStandardOutput();
            await output.WriteAsync(bytes, cancellationToken);
            return;
        }

        try
        {
            await File.WriteAllBytesAsync(path, bytes, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Failed, $"The receipt cannot be written to '{path}': {failure.Message}");
        }
    }
}
