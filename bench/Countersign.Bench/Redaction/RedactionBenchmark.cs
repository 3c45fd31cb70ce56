using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Countersign.Core.Redaction;

namespace Countersign.Bench.Redaction;

/// <summary>
/// Lines of logs and results, one in ten with personal data, through the stream that masks them. Beside it what is
/// usually written for the purpose: one compiled pattern an entity, each replaced over the whole text, without
/// checksums, escapes or reports. Figures are bytes of UTF-8 in each second of processor time.
/// </summary>
internal static partial class RedactionBenchmark
{
    private const int Megabytes = 8;
    private const int Rounds = 6;
    private const int CoreBudget = 50;
    private const int AllBudget = 20;

    private static readonly string[] Core = ["email", "phone", "card", "iban", "us-ssn", "ip"];

    public static Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        _ = bench;
        var text = MakeText();
        var bytes = Encoding.UTF8.GetBytes(text);
        var patterns = Best(bytes.Length, () => Replace(text));
        IReadOnlyList<Row> rows =
        [
            RowOf("redaction, six kinds of personal data", bytes, Core, patterns, CoreBudget),
            RowOf("redaction, all kinds and every token", bytes, ["all"], patterns, AllBudget),
        ];
        return Task.FromResult(rows);
    }

    private static Row RowOf(string what, byte[] text, string[] kinds, double patterns, int budget)
    {
        var plan = RedactionPlan.Create(new RedactionOptions
        {
            Kinds = [.. kinds.SelectMany(kind => DataKinds.Named(kind))],
        });
        var speed = Best(text.Length, () => Mask(plan, text));
        return new Row(
            what, Speed(speed), $"six compiled patterns in turn {Speed(patterns)}", Samples.Times(speed / patterns),
            $"≥ {budget} MB/s", speed >= budget);
    }

    private static void Mask(RedactionPlan plan, byte[] text)
    {
        var stream = new RedactionStream(plan, new ArrayBufferWriter<byte>(text.Length));
        stream.Write(text);
        stream.Complete();
    }

    private static void Replace(string text)
    {
        foreach (var pattern in (Regex[])[Email(), Card(), Iban(), Ssn(), Address(), Phone()])
        {
            text = pattern.Replace(text, "[masked]");
        }

        GC.KeepAlive(text);
    }

    /// <summary>The best of some rounds, since the machine does other things as well.</summary>
    private static double Best(int bytes, Action work)
    {
        var best = 0.0;
        using var process = Process.GetCurrentProcess();
        for (var round = 0; round < Rounds; round++)
        {
            process.Refresh();
            var before = process.TotalProcessorTime;
            work();
            process.Refresh();
            best = Math.Max(best, bytes / 1e6 / (process.TotalProcessorTime - before).TotalSeconds);
        }

        return best;
    }

    private static string Speed(double megabytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{megabytes:0} MB/s");

    private static string MakeText()
    {
        var random = new Random(1);
        string[] words = ["shipped", "packed", "returned", "invoiced"];
        var text = new StringBuilder();
        while (text.Length < Megabytes * 1_000_000)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"2026-11-{random.Next(1, 29):00}T{random.Next(24):00}:{random.Next(60):00}:00Z info: order ");
            text.Append(
                CultureInfo.InvariantCulture,
                $"{random.Next(1_000_000)} of customer {random.Next(100_000)} was {words[random.Next(4)]}; total ");
            text.Append(CultureInfo.InvariantCulture, $"{random.Next(100_000)}.00 EUR, ref {random.NextInt64():x16}");
            text.Append(random.Next(10) == 0
                ? $", to john.{random.Next(999)}@example.org from 10.1.2.{random.Next(255)}"
                : "");
            text.Append('\n');
        }

        return text.ToString();
    }

    [GeneratedRegex(@"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")]
    private static partial Regex Email();

    [GeneratedRegex(@"\b(?:\d[ -]?){12,18}\d\b")]
    private static partial Regex Card();

    [GeneratedRegex(@"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b")]
    private static partial Regex Iban();

    [GeneratedRegex(@"\b\d{3}-\d{2}-\d{4}\b")]
    private static partial Regex Ssn();

    [GeneratedRegex(@"\b(?:\d{1,3}\.){3}\d{1,3}\b")]
    private static partial Regex Address();

    [GeneratedRegex(@"\+?\b\d{2,4}[ .-]\d{3,4}[ .-]\d{3,4}\b")]
    private static partial Regex Phone();
}
