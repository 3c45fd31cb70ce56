using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>
/// A policy that asks people where masks come too late, on every way that a statement takes. The name of the customer
/// is masked.
/// </summary>
public sealed class TouchesMaskedTests(PostgresServer server)
{
    private const string Rules = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 15m } ], assurance: token } }
        rules:
          - id: reads
            when: action.gate == "postgres" && sql.read_only && !sql.touches_masked
            then: allow
        """;

    private const string Guess = "SELECT id FROM orders WHERE customer = 'customer 3'";

    private static readonly TargetRedaction s_redaction =
        new(Values: null, FieldRules.Of(new FieldRule.Column("orders.customer", Treatment.Redact)));

    [Theory]
    [InlineData(Guess)]
    [InlineData($"BEGIN; {Guess}")]
    [InlineData($"EXPLAIN {Guess}")]
    [InlineData($"COPY ({Guess}) TO STDOUT")]
    [InlineData("SELECT id FROM orders ORDER BY customer")]
    [InlineData("SELECT customer::int FROM orders")]
    public async Task A_statement_that_lets_a_masked_column_decide_waits_for_people(string text)
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);

        Assert.EndsWith("held", await session.AskAsync(text), StringComparison.Ordinal);
        Assert.True((bool)(await host.UntilAsync(ActionState.Pending)).Facts.Members["touches_masked"]);
    }

    [Fact]
    public async Task So_does_one_that_comes_as_Parse_Bind_Execute()
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);

        await session.ExtendedAsync(Guess);

        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_does_the_same_shape_after_one_that_did_not_wait()
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("SELECT id FROM orders WHERE id = 3");
        await session.AskAsync("SELECT id FROM orders WHERE id = 4");

        Assert.Equal("held", await session.AskAsync("SELECT id FROM orders WHERE customer = '4'"));
    }

    [Fact]
    public async Task So_does_one_that_is_prepared_and_executed_by_name()
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);
        Assert.EndsWith("Z I", await session.AskAsync($"PREPARE guess AS {Guess}"), StringComparison.Ordinal);

        Assert.Equal("held", await session.AskAsync("EXECUTE guess"));
    }

    [Fact]
    public async Task So_does_a_cursor_before_it_opens()
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);

        Assert.EndsWith(
            "held", await session.AskAsync($"BEGIN; DECLARE c CURSOR FOR {Guess}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_does_a_request_over_the_API()
    {
        await using var host = await StartAsync();

        var held = Assert.IsType<Admission.Held>(await host.AskAsync($$"""{"text":"{{Guess}}"}""")).Record;

        Assert.True((bool)held.Facts.Members["touches_masked"]);
    }

    [Theory]
    [InlineData("SELECT id, customer FROM orders")]
    [InlineData("SELECT customer FROM orders WHERE id = 1 ORDER BY id")]
    [InlineData("SELECT to_json(o) FROM orders o")]
    public async Task A_statement_that_only_passes_it_on_runs(string text)
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);

        Assert.EndsWith("Z I", await session.AskAsync(text), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_tells_others_is_refused()
    {
        await using var host = await StartAsync();
        await using var session = await RawSession.OpenAsync(host);

        Assert.StartsWith(
            "error 42501",
            await session.AskAsync("SELECT pg_notify('c', customer) FROM orders"),
            StringComparison.Ordinal);
    }

    private async Task<PostgresHost> StartAsync()
    {
        var host = await PostgresHost.StartAsync(server, Rules);
        host.Redaction = s_redaction;
        return host;
    }
}
