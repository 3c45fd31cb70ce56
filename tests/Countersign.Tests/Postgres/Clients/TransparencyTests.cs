using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using Countersign.Gates.Credentials;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;
using Countersign.Tests.Postgres.Support;
using Npgsql;
using SslMode = Countersign.Gates.Postgres.Wire.Login.SslMode;

namespace Countersign.Tests.Postgres.Clients;

/// <summary>
/// A policy that allows everything leaves a connection as it is: the same messages with the same bytes, apart from
/// numbers of objects that each database gives out by itself, and the place in the server's source of an error.
/// </summary>
public sealed partial class TransparencyTests(PostgresServer server)
{
    private const int Most = 1_000_000;
    private const uint FirstOfUsers = 16384;

    private const string AllowAll = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 15m } ], assurance: token } }
        rules:
          - id: all
            when: "true"
            then: allow
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_statement_is_answered_as_the_database_answers_it()
    {
        await using var alone = await PostgresHost.StartAsync(server, setUp: StatementCorpus.SetUp, isStatic: true);
        await using var host = await PostgresHost.StartAsync(server, AllowAll, StatementCorpus.SetUp, isStatic: true);
        await using var direct = await ConnectAsync(alone.Database);
        await using var gated = await ConnectAsync(host.Agent);
        var differences = new List<string>();
        var count = 0;

        foreach (var text in StatementCorpus.All())
        {
            count++;
            var (expected, found) = (await AskAsync(direct, text), await AskAsync(gated, text));
            if (Forgiven(text, expected) != Forgiven(text, found))
            {
                differences.Add($"{text}\n--- direct\n{expected}--- gated\n{found}");
            }
        }

        Assert.True(count >= 2_000, $"{count} statements");
        Assert.True(differences.Count == 0, $"{differences.Count} of {count}:\n{string.Join('\n',
            differences.Take(40))}");
    }

    /// <summary>
    /// Without what docs/reference/postgres.md names: columns come before errors and notices of what is executed by
    /// name or explained, errors behind the name of a prepared statement count the gate's name for it, and of a list
    /// that has a statement which the database does not take only that error is told.
    /// </summary>
    private static string Forgiven(string text, string said)
    {
        var lines = said.Split('\n').ToList();
        var error = lines.FindIndex(static line => line.StartsWith("E ", StringComparison.Ordinal));
        if (Begins("EXECUTE", "EXPLAIN"))
        {
            lines.RemoveAll(static line => line.StartsWith("T ", StringComparison.Ordinal));
        }
        else if (error >= 0 && text.TrimEnd().TrimEnd(';').Contains(';', StringComparison.Ordinal))
        {
            lines.RemoveRange(0, error);
        }

        return Begins("EXECUTE", "PREPARE")
            ? string.Join('\n', lines.Select(static line => Position().Replace(line, "")))
            : string.Join('\n', lines);

        bool Begins(params string[] words) => words.Any(word => text.StartsWith(word, StringComparison.Ordinal));
    }

    [GeneratedRegex(" Position = [0-9]*,")]
    private static partial Regex Position();

    private static Task<DatabaseConnection> ConnectAsync(string connection)
    {
        var to = new NpgsqlConnectionStringBuilder(connection);
        return DatabaseLogin.ConnectAsync(
            new DatabaseLoginOptions
            {
                Address = new DatabaseAddress { Host = to.Host!, Port = to.Port, SslMode = SslMode.Disable },
                Database = to.Database!,
                User = to.Username!,
                Password = new Secret(to.Password!),
            },
            Cancelled);
    }

    private static async Task<string> AskAsync(DatabaseConnection connection, string text)
    {
        connection.Writer.WriteQuery(Encoding.UTF8.GetBytes(text));
        await connection.Writer.FlushAsync(Cancelled);
        var said = new StringBuilder();
        while (true)
        {
            var message = await connection.Reader.ReadAsync(Most, Cancelled);
            said.Append((char)message.Type).Append(' ').Append(Comparable(message)).Append('\n');
            if (message.IsEnd || message.Type == BackendMessage.ReadyForQuery)
            {
                return said.ToString();
            }
        }
    }

    private static string Comparable(WireMessage message) => message.Type switch
    {
        0 => "gone",
        BackendMessage.ErrorResponse or BackendMessage.NoticeResponse =>
            (ErrorFields.Read(message.Body) with { File = null, Line = null, Routine = null }).ToString(),
        BackendMessage.RowDescription => Encoding.Latin1.GetString(WithoutNumbers(message.Body.ToArray())),
        _ => Encoding.Latin1.GetString(message.Body),
    };

    /// <summary>Relations and types that were made in this database have other numbers than in another one.</summary>
    private static byte[] WithoutNumbers(byte[] columns)
    {
        const int toType = 6;
        const int toNext = 18;
        for (var at = 2; at < columns.Length; at += toNext)
        {
            at = Array.IndexOf(columns, (byte)0, at) + 1;
            Clear(columns.AsSpan(at));
            Clear(columns.AsSpan(at + toType));
        }

        return columns;

        static void Clear(Span<byte> number)
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(number) >= FirstOfUsers)
            {
                number[..sizeof(uint)].Clear();
            }
        }
    }
}
