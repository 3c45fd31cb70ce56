using System.Text;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Support;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>Nothing that the gate sends holds a masked value, whatever a client asks, and how.</summary>
public sealed class LeakTests(PostgresServer server)
{
    [Fact]
    public async Task No_way_of_the_catalogue_brings_a_masked_value_over_the_simple_protocol() =>
        AssertEmpty(await LeaksOfAsync(static (tap, text) => tap.QueryAsync(text)));

    [Fact]
    public async Task No_way_of_the_catalogue_brings_a_masked_value_as_text_of_the_extended_protocol() =>
        AssertEmpty(await LeaksOfAsync(static (tap, text) => tap.ExtendedAsync(text, isBinary: false)));

    [Fact]
    public async Task No_way_of_the_catalogue_brings_a_masked_value_in_binary() =>
        AssertEmpty(await LeaksOfAsync(static (tap, text) => tap.ExtendedAsync(text, isBinary: true)));

    [Fact]
    public async Task No_way_of_the_catalogue_brings_a_masked_value_to_a_statement_that_runs_ten_times() =>
        AssertEmpty(await LeaksOfAsync(
            static (tap, text) => tap.ExtendedAsync(text, isBinary: true, executions: 10),
            isLenient: true,
            FullRun.Step(4)));

    [Fact]
    public async Task No_way_of_the_catalogue_brings_a_masked_value_to_a_portal_with_a_limit_of_rows() =>
        AssertEmpty(await LeaksOfAsync(
            static (tap, text) => tap.ExtendedAsync(text, isBinary: false, maxRows: 1), isLenient: true));

    [Fact]
    public async Task No_pipeline_of_statements_brings_a_masked_value()
    {
        await using var host = await LeakHost.StartAsync(server);
        var reads = LeakWays.All.Where(way => way is { End: LeakEnd.Shows, Texts.Length: 1 })
            .Select(way => way.Texts[0]);
        string[] cursor =
        [
            "BEGIN", "DECLARE k CURSOR FOR SELECT name, ssn FROM customers ORDER BY id", "FETCH ALL FROM k", "CLOSE k",
            "DECLARE k CURSOR FOR SELECT ssn, name FROM customers ORDER BY id", "FETCH ALL FROM k", "COMMIT",
        ];
        foreach (var texts in new[] { cursor, ["SELECT tell()", .. reads.Take(20)], [.. reads, "SELECT fail()"] })
        {
            await using var tap = await WireTap.OpenAsync(host);
            await tap.SendAsync(
            [
                .. texts.SelectMany(text => (Action<WireWriter>[])
                [
                    to => to.WriteParse([], Encoding.UTF8.GetBytes(text), []), to => to.WriteBind([], []),
                    to => to.WriteExecute([], maxRows: 0),
                ]),
                to => to.WriteSync(),
            ]);
            await tap.AnswerAsync();

            var heard = tap.TakeHeard();
            Assert.Null(Canary.FindIn(heard));
            Assert.Contains(Canary.Visible, Encoding.Latin1.GetString(heard), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_masks_nearly_every_way_of_the_catalogue_brings_the_value()
    {
        // The catalogue and the search for the value are what is tested here.
        await using var host = await LeakHost.StartAsync(server);
        host.Redaction = TargetRedaction.None;
        var quiet = new List<string>();
        foreach (var way in LeakWays.All)
        {
            var (heard, _) = await HeardAsync(host, way, static (tap, text) => tap.QueryAsync(text));
            if (Canary.FindIn(heard) is null)
            {
                quiet.Add(way.Name);
            }
        }

        AssertEmpty(string.Join('\n', LeakWays.Quiet.Except(quiet).Concat(quiet.Except(LeakWays.Quiet))));
    }

    private static void AssertEmpty(string wrong) => Assert.True(wrong.Length == 0, wrong);

    /// <summary>What went wrong, a line for each way.</summary>
    private async Task<string> LeaksOfAsync(
        Func<WireTap, string, Task<IReadOnlyList<WireMessage>>> ask, bool isLenient = false, int step = 1)
    {
        await using var host = await LeakHost.StartAsync(server);
        var wrong = new List<string>();
        foreach (var way in LeakWays.All.Where((_, index) => index % step == 0))
        {
            var (heard, last) = await HeardAsync(host, way, ask);
            if (Canary.FindIn(heard) is { } form)
            {
                wrong.Add($"{way}: leaks {form}");
            }
            else if (!isLenient && WhyOther(way.End, heard, last) is { } other)
            {
                wrong.Add($"{way}: {other}");
            }
        }

        return string.Join('\n', wrong);
    }

    private static string? WhyOther(LeakEnd end, byte[] heard, IReadOnlyList<string> errors)
    {
        var shows = heard.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Canary.Visible)) >= 0;
        return end switch
        {
            LeakEnd.Fails => errors.Count > 0 ? null : "does not fail",
            LeakEnd.Shows when !shows => $"does not show what is not masked; {string.Join(" | ", errors)}",
            LeakEnd.Hides when errors.Any(error => !error.Contains("multiple commands", StringComparison.Ordinal)) =>
                string.Join(" | ", errors),
            _ => null,
        };
    }

    private static async Task<(byte[] Heard, IReadOnlyList<string> Errors)> HeardAsync(
        PostgresHost host, LeakWay way, Func<WireTap, string, Task<IReadOnlyList<WireMessage>>> ask)
    {
        await using var tap = await WireTap.OpenAsync(host);
        var errors = new List<string>();
        foreach (var text in way.Texts)
        {
            var answer = await ask(tap, text);
            errors.AddRange(answer.Where(message => message.Type == BackendMessage.ErrorResponse)
                .Select(message => ErrorFields.Read(message.Body))
                .Select(error => $"{error.Code} {error.Message}"));
            if (answer is not [.., { Type: BackendMessage.ReadyForQuery }])
            {
                errors.Add("the connection ended");
                break;
            }
        }

        return (tap.TakeHeard(), errors);
    }
}
