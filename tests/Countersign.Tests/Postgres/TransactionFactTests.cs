using Countersign.Core.Actions;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>A policy that wants no locks to wait for people.</summary>
public sealed class TransactionFactTests(PostgresServer server)
{
    private const string Rules = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 15m } ], assurance: token } }
        rules:
          - id: reads
            when: action.gate == "postgres" && sql.read_only
            then: allow
          - id: alone
            reason: Send it outside of a transaction.
            when: sql.in_transaction && !sql.read_only
            then: deny
        """;

    private const string Sensitive = "DELETE FROM orders WHERE id <= 3";

    [Fact]
    public async Task Outside_of_a_transaction_it_waits_for_people()
    {
        await using var host = await PostgresHost.StartAsync(server, Rules);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("SELECT count(*) FROM orders");

        Assert.Equal("held", await session.AskAsync(Sensitive));
        var held = await host.UntilAsync(ActionState.Pending);
        Assert.False((bool)held.Facts.Members["in_transaction"]);
    }

    [Fact]
    public async Task In_a_list_that_makes_its_own_transaction_nothing_is_locked_yet()
    {
        await using var host = await PostgresHost.StartAsync(server, Rules);
        await using var session = await RawSession.OpenAsync(host);

        Assert.Equal("held", await session.AskAsync($"BEGIN; {Sensitive}; COMMIT"));
    }

    [Theory]
    [InlineData("BEGIN")]
    [InlineData("BEGIN; SELECT 1")]
    public async Task Behind_BEGIN_it_is_refused(string before)
    {
        await using var host = await PostgresHost.StartAsync(server, Rules);
        await using var session = await RawSession.OpenAsync(host);
        Assert.EndsWith("Z T", await session.AskAsync(before), StringComparison.Ordinal);

        Assert.Equal("error 42501; Z E", await session.AskAsync(Sensitive));
    }

    [Fact]
    public async Task Behind_a_statement_of_the_same_pipeline_it_is_refused()
    {
        await using var host = await PostgresHost.StartAsync(server, Rules);
        await using var session = await RawSession.OpenAsync(host);
        await session.SendAsync(
            [.. RawSession.Extended("SELECT 1"), .. RawSession.Extended(Sensitive), RawSession.Sync]);

        Assert.EndsWith("error 42501; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        await session.SendAsync([.. RawSession.Extended(Sensitive), RawSession.Sync]);
        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_allowed_outside_is_judged_anew_inside()
    {
        await using var host = await PostgresHost.StartAsync(server, """
            version: 1
            default: deny
            rules:
              - id: reads
                when: sql.read_only && !sql.in_transaction
                then: allow
            """);
        await using var session = await RawSession.OpenAsync(host);
        Assert.EndsWith("row 7; done SELECT 1; Z I", await session.AskAsync("SELECT 7"), StringComparison.Ordinal);
        await session.AskAsync("BEGIN");

        Assert.Equal("error 42501; Z E", await session.AskAsync("SELECT 7"));
    }
}
