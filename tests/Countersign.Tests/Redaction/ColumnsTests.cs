using System.Globalization;
using Countersign.Core.Redaction;
using Countersign.Tests.Architecture;

namespace Countersign.Tests.Redaction;

/// <summary>
/// In columns mode nothing is masked that is no value: at most one in ten thousand, over results such as queries give,
/// over the product's own source, and over lines of logs.
/// </summary>
public sealed class ColumnsTests
{
    private const int Rows = 20_000;
    private const int Share = 10_000;

    private static readonly RedactionPlan Plan =
        RedactionPlan.Create(new RedactionOptions { Mode = RedactionMode.Columns });

    private const string Base64 =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    private const string Hex = "0123456789abcdef";

    private static readonly (string Column, ColumnType Type, Func<Made, string> Make)[] Columns =
    [
        ("id", ColumnType.Number, made => made.Digits(1 + made.Next(18)).TrimStart('0')),
        ("external_id", ColumnType.Text, made => $"{made.Next(9) + 1}{made.Digits(6 + made.Next(12))}"),
        ("uuid", ColumnType.Text, made => $"{made.Text("0123456789abcdef", 8)}-{made.Text("0123456789abcdef", 4)}-"
            + $"{made.Digits(4)}-{made.Text("89ab", 1)}{made.Digits(3)}-{made.Text("0123456789abcdef", 12)}"),
        ("created_at", ColumnType.Text, made => $"2026-{1 + made.Next(12):00}-{1 + made.Next(28):00} "
            + $"{made.Next(24):00}:{made.Next(60):00}:{made.Next(60):00}.{made.Digits(6)}+00"),
        ("epoch_us", ColumnType.Number, made => $"17{made.Digits(14)}"),
        ("amount", ColumnType.Number, made => $"{made.Next(1_000_000)}.{made.Digits(2)}"),
        ("ratio", ColumnType.Number, made => $"0.{made.Digits(16)}"),
        ("hash", ColumnType.Text, made => made.Text("0123456789abcdef", made.Of(32, 40, 64))),
        ("version", ColumnType.Text, made => $"{made.Next(20)}.{made.Next(30)}.{made.Next(400)}"),
        ("path", ColumnType.Text, made =>
            $"/{made.Word(3)}/{made.Word(8)}/{made.Word(5)}_{made.Digits(4)}.{made.Word(3)}"),
        ("sku", ColumnType.Text, made => $"{made.Word(3).ToUpperInvariant()}-{made.Digits(4)}-{made.Digits(2)}"),
        ("interval", ColumnType.Text, made =>
            $"{made.Next(90)} days {made.Next(24):00}:{made.Next(60):00}:{made.Next(60):00}"),
        ("title", ColumnType.Text, made => $"{made.Word(7)} {made.Word(4)} {made.Next(3000)} {made.Word(6)}"),
        ("blob", ColumnType.Text, made => made.Text(Base64, 44)),
        ("point", ColumnType.Text, made => $"({made.Next(90)}.{made.Digits(5)},{made.Next(180)}.{made.Digits(5)})"),
        ("range", ColumnType.Text, made => $"[{made.Next(900)},{made.Next(900)})"),
        ("tags", ColumnType.Text, made =>
            $$"""{"{{made.Word(4)}}":{{made.Next(90)}},"{{made.Word(6)}}":"{{made.Word(9)}}"}"""),
        ("size", ColumnType.Text, made => $"{made.Next(9000)}x{made.Next(9000)}"),
    ];

    [Fact]
    public void Results_of_queries_hold_next_to_nothing()
    {
        var made = new Made(11);
        var redactor = new Redactor(Plan);
        var wrong = new List<string>();
        for (var row = 0; row < Rows; row++)
        {
            foreach (var (column, type, make) in Columns)
            {
                var value = make(made);
                if (redactor.RedactColumn(column, type, value, out _) is var masked && masked != value)
                {
                    wrong.Add($"{column} {value} → {masked}");
                }
            }
        }

        AssertFew(wrong, Rows * Columns.Length);
    }

    [Fact]
    public void The_source_of_the_product_holds_next_to_nothing()
    {
        var lines = Repository.Product.SelectMany(file => file.Lines).ToArray();

        AssertFew(FindIn(lines), lines.Length);
    }

    [Fact]
    public void Lines_of_logs_hold_next_to_nothing()
    {
        var made = new Made(12);
        var lines = Enumerable.Range(0, Rows * 2).Select(_ => Log(made)).ToArray();

        AssertFew(FindIn(lines), lines.Length);
    }

    private static string Log(Made made)
    {
        var time = string.Create(
            CultureInfo.InvariantCulture,
            $"2026-11-{1 + made.Next(28):00}T{made.Next(24):00}:{made.Next(60):00}:00.{made.Digits(3)}Z");
        var act = $"act_{made.Text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26)}";
        return made.Next(6) switch
        {
            0 => $"{time} info: action {act} of deploy-bot at orders-db is pending; revision {made.Next(9)}",
            1 => $"{time} warn: {act} waited {made.Next(90000)} ms, {made.Next(100)} entries, fence {made.Digits(6)}",
            2 => $"{time} info: checkpoint {made.Digits(7)} root {made.Text(Hex, 64)}",
            3 => $"{time} fail: statement took {made.Next(900)}.{made.Digits(3)} ms; trace {made.Text(Hex, 32)}",
            4 => $"{time} info: Listening on http://127.0.0.1:{1024 + made.Next(60000)}; thread 0x{made.Text(Hex, 12)}",
            _ => $"{made.Digits(10)}.{made.Digits(6)} GET /v1/actions/{act}?wait={made.Next(60)} 200 {made.Next(90)}ms",
        };
    }

    /// <summary>
    /// Names that are reserved for examples (RFC 2606, 5737, 3849) and what is public are values of nobody.
    /// </summary>
    private static List<string> FindIn(string[] lines)
    {
        var redactor = new Redactor(Plan);
        return [.. from line in lines
                   from span in redactor.Find(line)
                   let value = line[span.Start..span.End]
                   where span.Kind.Name is not ("url" or "domain" or "url-credentials") && !IsExample(value)
                   select $"{span.Kind} in: {line.Trim()}"];
    }

    private static bool IsExample(string value) =>
        value.Contains("example", StringComparison.Ordinal) || value.StartsWith("192.0.2.", StringComparison.Ordinal)
        || value.StartsWith("2001:db8:", StringComparison.Ordinal);

    private static void AssertFew(List<string> wrong, int values) => Assert.True(
        wrong.Count * Share <= values,
        $"{wrong.Count} of {values} values are masked:\n{string.Join('\n', wrong.Take(20))}");
}
