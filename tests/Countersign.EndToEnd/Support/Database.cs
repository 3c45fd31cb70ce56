using System.Globalization;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// A PostgreSQL of one test, from Debian's packages on a free loopback port, with a database <c>orders</c>: table
/// <c>orders</c> of ten rows, and a role <c>reader</c> that may read it. Under root it runs as the packages' user.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    public const string Password = "for tests only";

    private const string Installed = "/usr/lib/postgresql";
    private const string User = "postgres";

    private readonly DirectoryInfo _folder;
    private readonly RunningProgram _server;

    private Database(DirectoryInfo folder, RunningProgram server, int port)
    {
        _folder = folder;
        _server = server;
        Port = port;
    }

    public int Port { get; }

    /// <summary>What a target's configuration names as its admin.</summary>
    public string Admin => $"postgresql://{User}:{Uri.EscapeDataString(Password)}@127.0.0.1:{Port}/orders";

    /// <summary>A target of the PostgreSQL gate, as YAML below <c>targets:</c>.</summary>
    public string Target =>
        $$"""
          orders: { gate: postgres, environment: production, upstream: "postgresql://127.0.0.1:{{Port}}/orders",
                    credentials: { admin: env:ORDERS_ADMIN_DSN, mode: ephemeral-role, grants: [reader] } }
        """;

    public static async Task<Database> StartAsync(CancellationToken cancellationToken)
    {
        var binaries = FindBinaries();
        var folder = Directory.CreateTempSubdirectory("countersign-database-");
        var password = Path.Combine(folder.FullName, "password");
        var data = Path.Combine(folder.FullName, "data");
        await File.WriteAllTextAsync(password, Password, cancellationToken);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync(["chown", "-R", User, folder.FullName], cancellationToken);
        }

        await RunAsync(
            AsServer(
                Path.Combine(binaries, "initdb"), "-D", data, "-U", User, "--pwfile", password, "-A", "scram-sha-256",
                "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"),
            cancellationToken);
        var port = Ports.Take();
        var server = RunningProgram.Start(OptionsOf(AsServer(
            Path.Combine(binaries, "postgres"), "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-h",
            "127.0.0.1", "-c", $"unix_socket_directories={folder.FullName}", "-c", "fsync=off")));
        var database = new Database(folder, server, port);
        while (await server.ReadErrorAsync(cancellationToken) is { } line
            && !line.Contains("ready to accept connections", StringComparison.Ordinal))
        {
            // The server says how far it is.
        }

        await database.RunAsync("postgres", "CREATE DATABASE orders", cancellationToken);
        await database.AskAsync(
            """
            CREATE TABLE orders (id int PRIMARY KEY, total numeric);
            INSERT INTO orders SELECT n, n * 10 FROM generate_series(1, 10) AS n;
            CREATE ROLE reader;
            GRANT SELECT ON orders TO reader;
            """,
            cancellationToken);
        return database;
    }

    /// <summary>What the database itself says, past the gate.</summary>
    public Task<string> AskAsync(string text, CancellationToken cancellationToken) =>
        RunAsync("orders", text, cancellationToken);

    /// <summary>psql as the superuser, past the gate.</summary>
    public ProgramOptions Psql(string text) => Psql(Port, User, Password, "orders", text);

    /// <summary>psql as somebody who connects to a port of this machine.</summary>
    public static ProgramOptions Psql(int port, string user, string password, string database, string text) =>
        new("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
            port.ToString(CultureInfo.InvariantCulture), "-U", user, "-d", database, "-c", text)
        {
            Environment = new Dictionary<string, string> { ["PGPASSWORD"] = password, ["PGSSLMODE"] = "disable" },
        };

    public async ValueTask DisposeAsync()
    {
        // SIGINT is PostgreSQL's fast shutdown.
        await RunAsync(["kill", "-INT", _server.Id.ToString(CultureInfo.InvariantCulture)], CancellationToken.None);
        await _server.WaitAsync(CancellationToken.None);
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static string FindBinaries()
    {
        var found = Directory.Exists(Installed)
            ? Directory.EnumerateDirectories(Installed)
                .Select(folder => Path.Combine(folder, "bin"))
                .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            : null;
        if (found is null)
        {
            const string missing = $"There is no PostgreSQL under {Installed}; install postgresql.";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", missing);
            throw new InvalidOperationException(missing);
        }

        return found;
    }

    private async Task<string> RunAsync(string database, string text, CancellationToken cancellationToken)
    {
        var result = await RunningProgram.RunAsync(Psql(Port, User, Password, database, text), cancellationToken);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output.Trim();
    }

    private static async Task RunAsync(string[] command, CancellationToken cancellationToken)
    {
        var result = await RunningProgram.RunAsync(OptionsOf(command), cancellationToken);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private static ProgramOptions OptionsOf(string[] command) => new(command[0], command[1..])
    {
        WorkingDirectory = Path.GetTempPath(),
    };

    private static string[] AsServer(params string[] command) => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", "--", .. command]
        : command;
}
