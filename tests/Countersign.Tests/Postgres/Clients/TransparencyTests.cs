using System.Text.RegularExpressions;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Clients;

/// <summary>
/// A policy that allows everything leaves a connection as it is: the same messages with the same bytes, apart from
/// numbers of objects that each database gives out by itself.
/// </summary>
public sealed partial class TransparencyTests(PostgresServer server)
{
    private const string AllowAll = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 15m } ], assurance: token } }
        rules:
          - id: all
            when: "true"
            then: allow
        """;

    /// <summary>Commands that the database has to have carried out, or the comparison says nothing of them.</summary>
    private static readonly string[] s_classes =
    [
        "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE TABLE", "COPY", "CALL", "DO", "GRANT", "REVOKE",
        "GRANT ROLE", "REVOKE ROLE", "ALTER DEFAULT PRIVILEGES", "CREATE ROLE", "ALTER ROLE", "DROP ROLE",
        "REASSIGN OWNED", "DROP OWNED", "CREATE FUNCTION", "ALTER FUNCTION", "DROP FUNCTION", "CREATE PROCEDURE",
        "DROP PROCEDURE", "CREATE AGGREGATE", "CREATE OPERATOR", "CREATE CAST", "CREATE TRIGGER", "DROP TRIGGER",
        "CREATE RULE", "DROP RULE", "CREATE POLICY", "LISTEN", "NOTIFY", "UNLISTEN", "CREATE TABLE AS",
        "REFRESH MATERIALIZED VIEW", "CREATE TABLE", "ALTER TABLE", "DROP TABLE",
        "CREATE VIEW", "CREATE INDEX", "CREATE SCHEMA", "CREATE SEQUENCE", "CREATE TYPE", "ALTER TYPE", "CREATE DOMAIN",
        "CREATE EXTENSION", "CREATE SERVER", "CREATE FOREIGN TABLE", "CREATE DATABASE", "CREATE PUBLICATION", "COMMENT",
        "DECLARE CURSOR", "FETCH", "MOVE", "CLOSE CURSOR", "CLOSE CURSOR ALL", "BEGIN", "START TRANSACTION",
        "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "SET CONSTRAINTS", "LOCK TABLE", "ANALYZE", "VACUUM", "CLUSTER",
        "REINDEX", "CHECKPOINT", "EXPLAIN", "PREPARE", "DEALLOCATE", "DEALLOCATE ALL", "SET", "SHOW", "RESET",
        "DISCARD PLANS", "DISCARD TEMP", "DISCARD ALL",
    ];

    [Fact]
    public async Task Every_statement_is_answered_as_the_database_answers_it()
    {
        await using var alone = await PostgresHost.StartAsync(server, setUp: StatementCorpus.SetUp, isStatic: true);
        await using var host = await PostgresHost.StartAsync(server, AllowAll, StatementCorpus.SetUp, isStatic: true);
        var all = StatementCorpus.All().ToArray();
        Assert.True(all.Length >= 2_000, $"{all.Length} statements");

        await AssertSameAsync(alone.Database, host.Agent, all, isExtended: false);
        await AssertSameAsync(alone.Database, host.Agent, all, isExtended: true);
    }

    private static async Task AssertSameAsync(string direct, string gated, Asked[] all, bool isExtended)
    {
        // Roles and databases belong to the server, so one of both makes and drops them before the other one does.
        var wanted = await AskAllAsync(direct, all, isExtended);
        var found = await AskAllAsync(gated, all, isExtended);
        var differences = Enumerable.Range(0, all.Length)
            .Where(i => Differ(all[i].Text, wanted[i], found[i], isExtended))
            .Select(i => $"{all[i].Text}\n--- direct\n{Told(wanted[i])}\n--- gated\n{Told(found[i])}")
            .ToArray();

        Assert.Empty(s_classes.Except(ClassesOf(wanted)));
        Assert.Empty(StatementCorpus.States.Except(StatesOf(wanted)));
        Assert.True(
            differences.Length == 0,
            $"{differences.Length} of {all.Length}:\n{string.Join('\n', differences.Take(400))}");
    }

    private static async Task<IReadOnlyList<string>[]> AskAllAsync(string connection, Asked[] all, bool isExtended)
    {
        await using var conversation = await Conversation.OpenAsync(connection);
        var answers = new IReadOnlyList<string>[all.Length];
        for (var i = 0; i < all.Length; i++)
        {
            answers[i] = await (isExtended ? conversation.ExecuteAsync(all[i]) : conversation.QueryAsync(all[i]));
        }

        return answers;
    }

    private static IEnumerable<string> ClassesOf(IEnumerable<IReadOnlyList<string>> answers) => answers
        .SelectMany(static said => said.Where(static line => line[0] == 'C'))
        .Select(static line => line[2..].TrimEnd('\0', ' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'));

    private static IEnumerable<string> StatesOf(IEnumerable<IReadOnlyList<string>> answers) => answers
        .SelectMany(static said => said.Select(static line => State().Match(line).Groups[1].Value));

    private static string Told(IEnumerable<string> said) => string.Join('\n', said);

    /// <summary>Whether the answers differ by more than docs/reference/postgres.md names.</summary>
    private static bool Differ(
        string text, IReadOnlyList<string> direct, IReadOnlyList<string> gated, bool isExtended)
    {
        var (wanted, found) = (Forgiven(text, direct, isExtended), Forgiven(text, gated, isExtended));
        // An error of the gate's own has no place in the server's source.
        return wanted.Length != found.Length || wanted.Zip(found).Any(static pair =>
            (NoPlace().IsMatch(pair.Second) ? Place().Replace(pair.First, "") : pair.First)
                != NoPlace().Replace(pair.Second, ""));
    }

    /// <summary>
    /// Without what the page names: columns come before errors and notices of what is a change or not a query, errors
    /// behind the name of a prepared statement count the gate's name for it, of a list that has a statement which the
    /// database does not take only that error is told, a session hears of itself sooner, and in a failed transaction a
    /// query fails as a Parse does.
    /// </summary>
    private static string[] Forgiven(string text, IReadOnlyList<string> said, bool isExtended)
    {
        var lines = said.Select(static line => OfQuery().Replace(line, ""))
            .OrderBy(static line => line[0] == 'A').ToList();
        var error = lines.FindIndex(static line => line[0] == 'E');
        if (isExtended)
        {
            // What is judged is bound at its Execute, and its end is told when it is recorded.
            lines = [.. lines.Where(line => error < 0 || !"12tTnC".Contains(line[0]))];
        }
        else if (Late().IsMatch(text))
        {
            var columns = lines.Where(static line => line[0] == 'T').ToArray();
            lines.RemoveAll(static line => line[0] == 'T');
            lines.InsertRange(0, error < 0 ? columns : []);
        }
        else if (error >= 0 && text.TrimEnd().TrimEnd(';').Contains(';', StringComparison.Ordinal))
        {
            lines.RemoveRange(0, error);
        }

        return Named().IsMatch(text) ? [.. lines.Select(static line => Position().Replace(line, ""))] : [.. lines];
    }

    [GeneratedRegex("^(EXECUTE|EXPLAIN|FETCH|CALL)|RETURNING")]
    private static partial Regex Late();

    [GeneratedRegex("^E .* Code = (.{5}),")]
    private static partial Regex State();

    [GeneratedRegex("^(EXECUTE|PREPARE)")]
    private static partial Regex Named();

    [GeneratedRegex(" Position = [0-9]*,")]
    private static partial Regex Position();

    [GeneratedRegex(", File = .*, Line = [0-9]+, Routine = .* }$")]
    private static partial Regex Place();

    [GeneratedRegex(", File = , Line = , Routine =  }$")]
    private static partial Regex NoPlace();

    [GeneratedRegex("Line = [0-9]+, Routine = exec_(simple_query|parse_message)")]
    private static partial Regex OfQuery();
}
