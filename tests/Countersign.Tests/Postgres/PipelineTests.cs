using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>What a pipeline is answered with does not depend on where the network cuts it.</summary>
public sealed class PipelineTests(PostgresServer server)
{
    [Fact]
    public async Task What_was_asked_before_a_Sync_is_answered_although_the_next_pipeline_has_begun()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        await session.SendAsync(
            [.. RawSession.Extended("SELECT 1"), RawSession.Sync, .. RawSession.Extended("SELECT 2")]);
        Assert.EndsWith("row 1; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        await session.SendAsync(RawSession.Sync);

        Assert.EndsWith("row 2; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Parse_behind_an_error_whose_reading_asks_the_database_is_dropped()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        await session.SendAsync(
        [
            RawSession.Parse("SET search_path = pg_catalog"), RawSession.Bind(), RawSession.Execute(),
            RawSession.Parse("SELECT 1/0"), RawSession.Bind(), RawSession.Execute(),
            RawSession.Parse("SELECT 3", "late"), RawSession.Bind("late"), RawSession.Execute(), RawSession.Sync,
        ]);
        var answer = await session.AnswerAsync();

        Assert.EndsWith("error 22012; Z I", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("row 3", answer, StringComparison.Ordinal);
        await session.ExtendedAsync("SELECT 4");
        Assert.EndsWith("row 4; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_call_behind_an_error_is_dropped_with_the_rest_of_its_pipeline()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        await session.SendAsync([RawSession.Parse("SELEKT"), RawSession.Bind(), RawSession.Execute()]);
        await session.SendAsync(Wire.Bytes.Message('F', new byte[10]));
        await session.SendAsync([.. RawSession.Extended("SELECT 5"), RawSession.Sync]);

        Assert.Equal("error 42601; Z I", await session.AnswerAsync());
    }

    [Fact]
    public async Task Who_says_good_bye_at_once_is_answered_before()
    {
        await using var host = await PostgresHost.StartAsync(server);
        await using var session = await RawSession.OpenAsync(host);

        await session.SendAsync(
            [.. RawSession.Extended("SELECT 6"), RawSession.Sync, static to => to.WriteTerminate()]);

        Assert.EndsWith("row 6; done SELECT 1; Z I", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal("closed", await session.AnswerAsync());
    }
}
