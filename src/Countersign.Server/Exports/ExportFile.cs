using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Countersign.Server.Exports;

/// <summary>
/// An export on the disk: JSON lines in one file, or a table whose head is a second file with the same name and
/// <c>.proof.json</c>.
/// </summary>
internal static class ExportFile
{
    private const string HeadSuffix = ".proof.json";

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1024, AllowDuplicateProperties = false };

    public static string HeadOf(string path) => path + HeadSuffix;

    /// <summary>Writes the table of an export that comes as JSON lines; returns how many rows it has.</summary>
    /// <exception cref="FormatException">The lines end early, or are none of an export.</exception>
    public static async Task<long> WriteCsvAsync(Stream lines, string path, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(lines);
        var head = ExportHead.Read(JsonElement.Parse(await LineAsync(reader, cancellationToken), Deep));
        await using var table = new StreamWriter(path);
        table.NewLine = "\r\n";
        IEnumerable<string> columns = head.WithPayloads
            ? ExportRow.Columns.Concat(ExportRow.Extracts).Concat(ExportRow.Proofs)
            : ExportRow.Columns;
        await table.WriteAsync(CsvText.Join(columns));
        for (var next = head.From; next < head.To; next++)
        {
            var row = ExportRow.FromJson(
                JsonElement.Parse(await LineAsync(reader, cancellationToken), Deep), head.WithPayloads);
            await table.WriteAsync(CsvText.Join(row.ToCsv(head.WithPayloads)));
        }

        var end = JsonElement.Parse(await LineAsync(reader, cancellationToken), Deep);
        await using var proof = File.Create(HeadOf(path));
        await using (var json = new Utf8JsonWriter(proof))
        {
            head.Write(json);
        }

        return end.GetProperty("rows").GetInt64();
    }

    /// <summary>The head of an export, and its rows as they are asked for.</summary>
    /// <exception cref="FormatException">The file is no export.</exception>
    public static async Task<(ExportHead Head, IAsyncEnumerable<ExportRow> Rows)> OpenAsync(
        string path, CancellationToken cancellationToken)
    {
        var reader = new StreamReader(path);
        try
        {
            if (reader.Peek() == '{')
            {
                var first = ExportHead.Read(JsonElement.Parse(await LineAsync(reader, cancellationToken), Deep));
                return (first, ReadLinesAsync(reader, first, cancellationToken));
            }

            var head = ExportHead.Read(JsonElement.Parse(
                await File.ReadAllTextAsync(HeadOf(path), cancellationToken), Deep));
            return (head, ReadTableAsync(reader, head, cancellationToken));
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private static async IAsyncEnumerable<ExportRow> ReadLinesAsync(
        StreamReader reader, ExportHead head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var closing = reader;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            var json = JsonElement.Parse(line, Deep);
            if (json.TryGetProperty("rows", out var rows))
            {
                if (rows.GetInt64() != head.To - head.From || await reader.ReadLineAsync(cancellationToken) is not null)
                {
                    throw new FormatException("The last line does not count the rows, or is not the last one.");
                }

                yield break;
            }

            yield return ExportRow.FromJson(json, head.WithPayloads);
        }

        throw new FormatException("The last line is missing: the export was cut off.");
    }

    private static async IAsyncEnumerable<ExportRow> ReadTableAsync(
        StreamReader reader, ExportHead head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var closing = reader;
        CsvText.Read(reader);
        while (CsvText.Read(reader) is { } fields)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return ExportRow.FromCsv(fields, head.WithPayloads);
        }

        await Task.CompletedTask;
    }

    private static async Task<string> LineAsync(StreamReader reader, CancellationToken cancellationToken) =>
        await reader.ReadLineAsync(cancellationToken)
        ?? throw new FormatException("The export ends before its last line.");
}
