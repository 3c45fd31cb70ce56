using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>
/// What the analysis says is held against what a real server answers, over statements that nobody chose: two databases
/// are alike but for the values of masked columns.
/// </summary>
public sealed class MaskedPropertyTests(PostgresServer server)
{
    private const int Statements = 250;
    private const string Canary = "mq81wXkv";
    private const int CanaryNumber = 918_273_645;

    private static readonly TargetRedaction s_redaction = new(Values: null, FieldRules.Of(
        new FieldRule.Column("customers.ssn", Treatment.Redact),
        new FieldRule.Column("customers.pin", Treatment.Redact),
        new FieldRule.Column("people.ssn", Treatment.Redact),
        new FieldRule.Column("parts.secret", Treatment.Redact)));

    private static readonly string[] s_traces = [.. Traces().Distinct()];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task What_a_masked_column_holds_shows_nowhere_that_nobody_foretold(int seed)
    {
        await using var shop = await OpenAsync(Canary, CanaryNumber);
        await using var other = await OpenAsync("aTz50Lpc", 7);
        var queries = new RandomQueries(seed);
        var (shown, differing, passing, failing) = (0, 0, 0, 0);
        var invalid = 0;
        var wrong = new List<string>();
        for (var i = 0; i < Statements; i++)
        {
            var text = queries.Next();
            if (await shop.AnalyseAsync(text) is not Analysed.Understood { Effects: var effects })
            {
                // Types that the generator does not keep in mind.
                invalid++;
                continue;
            }

            var one = await RunAsync(shop, text);
            var two = await RunAsync(other, text);
            var isHidden = Hidden(effects, Math.Max(one.Columns, two.Columns));
            var touches = effects.Deciding.IsMaskedBy(s_redaction);

            // 1. A value that shows, however changed, is in a column that is masked.
            var cells = Cells(one).Where(cell => ShowsCanary(one.Rows[cell.Row][cell.Column])).ToList();
            wrong.AddRange(cells.Where(cell => !isHidden[cell.Column]).Take(1).Select(cell =>
                $"Column {cell.Column} shows {one.Rows[cell.Row][cell.Column]}: {text}"));

            // 2. Where nothing decides, nothing but what is masked differs.
            var differs = Visible(one, isHidden) != Visible(two, isHidden);
            if (differs && !touches)
            {
                wrong.Add($"{Visible(one, isHidden)} is not {Visible(two, isHidden)}: {text}");
            }

            shown += cells.Count;
            differing += differs ? 1 : 0;
            failing += one.Error is null ? 0 : 1;
            passing += touches ? 0 : 1;
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));

        // Neither all nor nothing.
        Assert.InRange(passing, Statements / 8, Statements * 4 / 5);
        Assert.InRange(failing, 0, Statements / 3);
        Assert.InRange(invalid, 0, Statements / 20);
        Assert.True(shown > Statements / 10 && differing > Statements / 20, $"{shown} shown, {differing} differing");
    }

    private async Task<AnalysedDatabase> OpenAsync(string ssn, int pin)
    {
        var shop = await AnalysedDatabase.CreateAsync(server, RandomQueries.Schema);
        await shop.RunAsync(string.Create(CultureInfo.InvariantCulture, $"""
            INSERT INTO customers VALUES
                (1, 'alice', '{ssn}', {pin}), (2, 'bob', 'b{ssn}', {pin - 3}), (3, 'mia', NULL, 2);
            INSERT INTO orders VALUES (1, 1, 'bob'), (2, 1, 'x'), (3, 2, 'note');
            INSERT INTO people (id, ssn, name) VALUES (1, '{ssn}', 'alice'), (2, 'c{ssn}', 'carl');
            INSERT INTO parts VALUES (1, '{ssn}'), (2, '{(pin > 7 ? "k" : "m")}'), (3, 'n');
            REFRESH MATERIALIZED VIEW kept;
            """));
        return shop;
    }

    /// <summary>Which columns of a result the gate would mask.</summary>
    private static bool[] Hidden(Effects effects, int columns) =>
        effects.HasUnclearOutput || effects.Output.Length != columns
            ? [.. Enumerable.Repeat(element: true, columns)]
            :
            [
                .. effects.Output.Select(column =>
                    column.IsUnclear || column.Sources.Any(source => source.IsMaskedBy(s_redaction))),
            ];

    private static IEnumerable<(int Row, int Column)> Cells(Answer answer) =>
        from row in Enumerable.Range(0, answer.Rows.Count)
        from column in Enumerable.Range(0, answer.Columns)
        select (row, column);

    private static bool ShowsCanary(string? value) =>
        value is not null && s_traces.Any(trace => value.Contains(trace, StringComparison.OrdinalIgnoreCase));

    /// <summary>The value, parts of it, and what is made of it, in lower or upper case.</summary>
    private static IEnumerable<string> Traces()
    {
        const int part = 4;
        string[] forms = [Canary, new([.. Canary.Reverse()])];
        foreach (var form in forms)
        {
            for (var start = 0; start + part <= form.Length; start++)
            {
                yield return form.Substring(start, part);
                yield return Convert.ToHexString(Encoding.UTF8.GetBytes(form.Substring(start, part)));
            }

            foreach (var cased in new[] { form, form.ToUpperInvariant(), form.ToLowerInvariant() })
            {
                yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(cased))[..10];
                yield return Md5(cased);
            }
        }

        yield return CanaryNumber.ToString(CultureInfo.InvariantCulture);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Security", "CA5351", Justification = "It is what the server's md5 gives.")]
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Visible(Answer answer, bool[] isHidden) => $"{answer.Error} {answer.Changed} "
        + string.Join(';', answer.Rows.Select(row =>
            string.Join(',', row.Select((value, column) => isHidden[column] ? "*" : value ?? "NULL"))));

    private static async Task<Answer> RunAsync(AnalysedDatabase shop, string text)
    {
        await using var connection = await shop.Source.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        try
        {
            await using var command = new NpgsqlCommand(text, connection) { AllResultTypesAreUnknown = true };
            await using var reader = await command.ExecuteReaderAsync(Stop);
            var rows = new List<string?[]>();
            while (await reader.ReadAsync(Stop))
            {
                rows.Add([.. Enumerable.Range(0, reader.FieldCount)
                    .Select(column => reader.IsDBNull(column) ? null : reader.GetString(column))]);
            }

            return new Answer(reader.FieldCount, rows, reader.RecordsAffected, Error: null);
        }
        catch (PostgresException error)
        {
            // A syntax error would say that the generator is wrong.
            Assert.False(error.SqlState.StartsWith("42", StringComparison.Ordinal), $"{error.MessageText}: {text}");
            return new Answer(0, [], 0, error.SqlState);
        }
    }

    private sealed record Answer(int Columns, List<string?[]> Rows, int Changed, string? Error);
}
