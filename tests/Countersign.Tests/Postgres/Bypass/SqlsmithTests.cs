using System.Globalization;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Tests.Postgres.Clients;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>
/// Random statements over everything that the catalog has, through a gate whose policy allows reads and nothing else.
/// <c>./test sqlsmith QUERIES [SEED]</c> sends more of them, or those of a seed again.
/// </summary>
public sealed class SqlsmithTests(PostgresServer server)
{
    private const string ReadsOnly = """
        version: 1
        default: deny
        rules:
          - id: reads
            when: action.gate == "postgres" && sql.read_only
            then: allow
        """;

    // Unlike rows, these counters also grow by what is rolled back, as sqlsmith does with everything.
    private const string Changes = """
        SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text FROM pg_stat_user_tables
            WHERE schemaname <> 'countersign'
        """;

    private static readonly int s_queries = NumberIn("COUNTERSIGN_SQLSMITH_QUERIES", 300);
    private static readonly int s_seed = NumberIn("COUNTERSIGN_SQLSMITH_SEED", 1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_of_it_changes_anything_and_everybody_lives(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite, ReadsOnly);
        // A database that restarts after a crash would take this connection with it.
        await using var witness = new NpgsqlConnection(prey.Host.Database);
        await witness.OpenAsync(TestContext.Current.CancellationToken);
        var changes = await CountChangesAsync(witness);

        var said = await ClientProgram.RunAsync(
            prey.Host.Agent, "sqlsmith", "--verbose", $"--seed={s_seed}", $"--max-queries={s_queries}", "--target=");

        Assert.True(said.ExitCode == 0, said.ToString());
        Assert.Equal(changes, await CountChangesAsync(witness));
        await prey.AssertUntouchedAsync();
        Assert.DoesNotContain(prey.Host.Store.Actions, row => row.State != ActionState.Refused);
        // The database answers some of it, so it is not the gate alone that keeps everything from happening.
        var executed = prey.Host.Store.Entries.Count(entry => entry.Type == EntryType.ActionExecuted);
        Assert.True(executed > s_queries / 20, said.Errors);
        await using var after = await RawSession.OpenAsync(prey.Host);
        Assert.EndsWith("Z I", await after.AskAsync("SELECT 1"), StringComparison.Ordinal);
    }

    private static async Task<string> CountChangesAsync(NpgsqlConnection witness)
    {
        await using var command = new NpgsqlCommand(Changes, witness);
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static int NumberIn(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;
}
