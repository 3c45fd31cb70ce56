using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Tests.Postgres.Bypass;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres;

/// <summary>What an approval gives beyond the verbs of tables, to a session whose baseline only reads.</summary>
public sealed class GrantedCommandTests(PostgresServer server)
{
    private const string SetUp = """
        CREATE SEQUENCE numbers;
        CREATE TABLE log (entry text);
        CREATE TABLE numbered (id serial, name text);
        INSERT INTO numbered VALUES (DEFAULT, 'a');
        CREATE TABLE shared (id int DEFAULT nextval('numbers'), name text);
        CREATE FUNCTION drop_order(number int) RETURNS void LANGUAGE sql AS 'DELETE FROM orders WHERE id = number';
        """;

    [Theory]
    [InlineData("LOCK TABLE orders IN EXCLUSIVE MODE", "done LOCK TABLE")]
    [InlineData("LOCK TABLE orders IN ROW SHARE MODE", "done LOCK TABLE")]
    [InlineData("LOCK TABLE ONLY orders, log", "done LOCK TABLE")]
    [InlineData("UPDATE numbered SET id = DEFAULT", "done UPDATE 1")]
    [InlineData("INSERT INTO numbered VALUES (DEFAULT, 'b')", "done INSERT 0 1")]
    [InlineData("INSERT INTO shared VALUES (DEFAULT, 'b')", "done INSERT 0 1")]
    [InlineData("SELECT nextval('numbers')", "done SELECT 1")]
    [InlineData("SELECT setval('numbers', 50)", "done SELECT 1")]
    [InlineData("SELECT drop_order(7)", "done SELECT 1")]
    [InlineData("SELECT id FROM orders WHERE id = 1 FOR UPDATE", "done SELECT 1")]
    public async Task What_was_approved_has_the_rights_that_it_takes(string statement, string expected)
    {
        await using var host = await PostgresHost.StartAsync(server, setUp: SetUp);
        await using var session = await RawSession.OpenAsync(host);
        await session.AskAsync("BEGIN");
        Assert.Equal("held", await session.AskAsync(statement));
        await host.DecideAsync(await host.UntilAsync(ActionState.Pending), Decision.Approve);

        Assert.Contains(expected, await session.AnswerAsync(), StringComparison.Ordinal);
        var end = await host.UntilEndAsync();
        Assert.Equal(ActionState.Succeeded, end.State);
    }
}
