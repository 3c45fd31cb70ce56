using System.Buffers;
using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core.Redaction;
using Countersign.Server.Hosting;
using Countersign.Server.Keys;

namespace Countersign.Server.Cli;

/// <summary><c>redact</c>: masks what comes on stdin; what was masked is said on stderr, as kinds and counts.</summary>
internal static class RedactCommand
{
    private const int Chunk = 64 * 1024;

    private static readonly JsonSerializerOptions OneLine = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create()
    {
        var mode = new Option<string>("--mode")
        {
            Description = "'text' for prose and logs (the default), 'columns' for values of columns, one a line.",
            DefaultValueFactory = _ => "text",
        };
        mode.AcceptOnlyFromAmong("text", "columns");
        var kinds = new Option<string[]>("--kind")
        {
            Description = "Looks for this kind or group only, such as email or secrets; may be repeated. Default all.",
        };
        var treatment = new Option<string>("--treatment")
        {
            Description = "What becomes of a value: redact (the default), partial, generalise, drop; with --key also "
                + "hash and tokenise.",
            DefaultValueFactory = _ => "redact",
        };
        treatment.AcceptOnlyFromAmong([.. Treatment.Names]);
        var key = new Option<string?>("--key")
        {
            Description = "The file of the key of hashes and tokens, like redaction.key of a server.",
        };
        var column = new Option<string?>("--column")
        {
            Description = "The lines are values of a column of this name, which says what they may be.",
        };
        var lines = new Option<bool>("--lines")
        {
            Description = "Reads one JSON string a line, and prints for each one object with its text and spans.",
        };
        var command = new Command("redact", "Mask sensitive values in the text on stdin; no server is needed.")
        {
            mode, kinds, treatment, key, column, lines, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var plan = RedactionPlan.Create(new RedactionOptions
            {
                Mode = parsed.GetValue(mode) == "columns" || parsed.GetValue(column) is not null
                    ? RedactionMode.Columns
                    : RedactionMode.Text,
                Kinds = KindsOf(parsed.GetValue(kinds) ?? []),
                Treatment = Treatment.Named(parsed.GetValue(treatment)!)!,
                Key = KeyFor(Treatment.Named(parsed.GetValue(treatment)!)!, parsed.GetValue(key)),
            });
            if (parsed.GetValue(column) is not null && (parsed.GetValue(lines) || parsed.GetValue(Output.Json)))
            {
                throw new CommandFailure(
                    ExitCode.Usage, "--column masks lines of plain text; leave out --lines and --json.");
            }

            var report = parsed.GetValue(column) is { } name ? await WriteColumnAsync(plan, name, cancellationToken)
                : parsed.GetValue(lines) ? await WriteLinesAsync(plan, cancellationToken)
                : parsed.GetValue(Output.Json) ? await WriteObjectAsync(plan, cancellationToken)
                : await WriteTextAsync(plan, cancellationToken);
            await Terminal.TellAsync($"Masked: {report}");
            return ExitCode.Succeeded;
        });
        return command;
    }

    private static RedactionKey? KeyFor(Treatment treatment, string? file)
    {
        if (file is null)
        {
            return !treatment.NeedsKey ? null : throw new CommandFailure(
                ExitCode.Usage,
                "hash and tokenise need --key FILE; without a key their results could be guessed. Make one with " +
                "'head -c 32 /dev/urandom | base64 > redaction.key && chmod 600 redaction.key'.");
        }

        try
        {
            return RedactionKeyFile.Load(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or KeyFileException)
        {
            throw new CommandFailure(ExitCode.Usage, $"The key cannot be used: {failure.Message}");
        }
    }

    private static ImmutableArray<DataKind> KindsOf(string[] names)
    {
        var kinds = ImmutableArray.CreateBuilder<DataKind>();
        foreach (var name in names)
        {
            var named = DataKinds.Named(name);
            if (named.IsEmpty)
            {
                throw new CommandFailure(
                    ExitCode.Usage,
                    $"There is no kind '{name}'. Groups are personal, financial, national, network, secrets and all; "
                    + "the reference page about redaction lists the kinds.");
            }

            kinds.AddRange(named);
        }

        return names.Length == 0 ? DataKinds.All : [.. kinds.Distinct()];
    }

    /// <summary>Masks the bytes as they come, however many there are.</summary>
    private static async Task<RedactionReport> WriteTextAsync(RedactionPlan plan, CancellationToken cancellationToken)
    {
        await using var input = global::System.Console.OpenStandardInput();
        await using var output = global::System.Console.OpenStandardOutput();
        var masked = new ArrayBufferWriter<byte>();
        var stream = new RedactionStream(plan, masked);
        var chunk = new byte[Chunk];
        while (await input.ReadAsync(chunk, cancellationToken) is > 0 and var length)
        {
            stream.Write(chunk.AsSpan(0, length));
            await output.WriteAsync(masked.WrittenMemory, cancellationToken);
            masked.ResetWrittenCount();
        }

        var report = stream.Complete();
        await output.WriteAsync(masked.WrittenMemory, cancellationToken);
        return report;
    }

    private static async Task<RedactionReport> WriteObjectAsync(RedactionPlan plan, CancellationToken cancellationToken)
    {
        var text = await global::System.Console.In.ReadToEndAsync(cancellationToken);
        var redactor = new Redactor(plan);
        Terminal.WriteLine(Describe(redactor, text, out var report));
        return report;
    }

    /// <summary>One value a line; of what reads as a number only the column's name says what it may be.</summary>
    private static async Task<RedactionReport> WriteColumnAsync(
        RedactionPlan plan, string column, CancellationToken cancellationToken)
    {
        var redactor = new Redactor(plan);
        var all = RedactionReport.Empty;
        while (await ReadLineAsync(cancellationToken) is { } line)
        {
            var type = decimal.TryParse(line, NumberStyles.Number, CultureInfo.InvariantCulture, out _)
                ? ColumnType.Number
                : ColumnType.Text;
            Terminal.WriteLine(redactor.RedactColumn(column, type, line, out var report));
            all = all.With(report);
        }

        return all;
    }

    private static async Task<RedactionReport> WriteLinesAsync(RedactionPlan plan, CancellationToken cancellationToken)
    {
        var redactor = new Redactor(plan);
        var all = RedactionReport.Empty;
        for (var number = 1; await ReadLineAsync(cancellationToken) is { } line; number++)
        {
            Terminal.WriteLine(Describe(redactor, ReadString(line, number), out var report));
            all = all.With(report);
        }

        return all;
    }

    private static ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken) =>
        global::System.Console.In.ReadLineAsync(cancellationToken);

    private static string ReadString(string line, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(line) ?? throw new JsonException("null is no string.");
        }
        catch (JsonException invalid)
        {
            throw new CommandFailure(
                ExitCode.Usage, $"Line {number} is not one JSON string: {invalid.Message} Write one on each line.");
        }
    }

    internal static string Describe(Redactor redactor, string text, out RedactionReport report)
    {
        var spans = redactor.Find(text).Select(
            span => new { start = span.Start, end = span.End, kind = span.Kind.Label });
        return JsonSerializer.Serialize(new { text = redactor.Redact(text, out report), spans }, OneLine);
    }
}
