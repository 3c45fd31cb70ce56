using System.Collections.Immutable;
using Countersign.EndToEnd.Support;
using Countersign.Tests.Postgres.Masking;
using Countersign.Tests.Support;
using Npgsql;

namespace Countersign.EndToEnd.Clients;

/// <summary>
/// Clients that go every way of the leak catalogue, each way on a connection of its own, once in each mode that the
/// client has: connections come in the order of the modes, and in each in the order of the ways.
/// </summary>
internal static class LeakClients
{
    public const string Psql = "psql";
    public const string NpgsqlDriver = "Npgsql";

    private static readonly ImmutableArray<string> s_clients =
    [
        Psql, NpgsqlDriver, DatabaseDriver.NodePostgres, DatabaseDriver.PostgresJs, DatabaseDriver.PgJdbc,
    ];

    /// <summary>For hundreds of connections; only a driver that hangs ever takes so long.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    /// <summary>Connections before those of the ways: the one that a script makes for its other jobs.</summary>
    public static int Before(string client) => client == DatabaseDriver.NodePostgres ? 1 : 0;

    /// <summary>A third of the catalogue, not the same for each client; all of it in a full run.</summary>
    public static ImmutableArray<LeakWay> WaysOf(string client)
    {
        var step = FullRun.Step(3);
        var first = s_clients.IndexOf(client) % step;
        return [.. LeakWays.All.Where((_, index) => index % step == first)];
    }

    /// <summary>How a client sends a statement and takes its rows.</summary>
    public static ImmutableArray<string> ModesOf(string client) => client switch
    {
        Psql => ["simple", "cursors"],
        NpgsqlDriver => ["binary", "text"],
        DatabaseDriver.NodePostgres => ["binary", "text"],
        DatabaseDriver.PostgresJs => ["text"],
        _ => ["binary", "text", "portals"],
    };

    public static Task RunAsync(
        string client, Login login, ImmutableArray<string> modes, CancellationToken cancellationToken) => client switch
    {
        Psql => PsqlAsync(login, modes, cancellationToken),
        NpgsqlDriver => NpgsqlAsync(login, modes, cancellationToken),
        _ => DriverAsync(client, login, modes, cancellationToken),
    };

    private static async Task DriverAsync(
        string driver, Login login, ImmutableArray<string> modes, CancellationToken cancellationToken)
    {
        var ways = WaysOf(driver).Select(way => string.Join('\n', way.Texts));
        await using var program = DatabaseDriver.Start(
            driver, login, "leaks", [string.Join(',', modes), .. ways]);
        var ending = program.WaitAsync(cancellationToken);
        await Task.WhenAny(ending, Task.Delay(s_limit, cancellationToken));
        Assert.True(ending.IsCompleted, $"It did not end after {program.Output}{program.Errors}");
        Assert.True((await ending).ExitCode == 0, program.Errors);
    }

    /// <summary>Once as ever, once with a cursor for each query.</summary>
    private static async Task PsqlAsync(
        Login login, ImmutableArray<string> modes, CancellationToken cancellationToken)
    {
        foreach (var mode in modes)
        {
            var psql = Database.Psql(login.Port, login.User, login.Password, login.Database, @"\echo begins");
            await RunningProgram.RunAsync(
                psql with
                {
                    Arguments =
                    [
                        .. psql.Arguments.Select(argument => argument.Replace("ON_ERROR_STOP=1", "ON_ERROR_STOP=0")),
                        "-v", mode == "cursors" ? "FETCH_COUNT=1" : "FETCH_COUNT=0",
                        .. WaysOf(Psql).SelectMany((way, i) => (IEnumerable<string>)
                            [.. i == 0 ? [] : (string[])["-c", @"\c"], .. way.Texts.SelectMany(Asked)]),
                    ],
                },
                cancellationToken);
        }

        static string[] Asked(string text) => ["-c", text];
    }

    private static async Task NpgsqlAsync(
        Login login, ImmutableArray<string> modes, CancellationToken cancellationToken)
    {
        foreach (var mode in modes)
        {
            foreach (var way in WaysOf(NpgsqlDriver))
            {
                await using var connection = new NpgsqlConnection(
                    new NpgsqlConnectionStringBuilder
                    {
                        Host = "127.0.0.1",
                        Port = login.Port,
                        Username = login.User,
                        Password = login.Password,
                        Database = login.Database,
                        Pooling = false,
                        SslMode = SslMode.Disable,
                    }.ConnectionString);
                await connection.OpenAsync(cancellationToken);
                foreach (var text in way.Texts)
                {
                    await AskAsync(connection, mode, text, times: way.Texts is [_] ? 2 : 1, cancellationToken);
                }
            }
        }
    }

    private static async Task AskAsync(
        NpgsqlConnection connection, string mode, string text, int times, CancellationToken cancellationToken)
    {
        try
        {
            if (text.StartsWith("COPY", StringComparison.Ordinal))
            {
                await CopyAsync(connection, text, cancellationToken);
                return;
            }

            await using var command = new NpgsqlCommand(text, connection) { AllResultTypesAreUnknown = mode == "text" };
            if (mode == "binary")
            {
                await command.PrepareAsync(cancellationToken);
            }

            for (var i = 0; i < times; i++)
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        catch (PostgresException)
        {
            // Many of the ways fail, and what was heard tells the rest.
        }
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection, string text, CancellationToken cancellationToken)
    {
        if (text.Contains("FORMAT binary", StringComparison.Ordinal))
        {
            await using var bytes = await connection.BeginRawBinaryCopyAsync(text, cancellationToken);
            await bytes.CopyToAsync(Stream.Null, cancellationToken);
        }
        else
        {
            using var reader = await connection.BeginTextExportAsync(text, cancellationToken);
            await reader.ReadToEndAsync(cancellationToken);
        }
    }
}
