using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Countersign.Bench.Postgres;

/// <summary>
/// A PostgreSQL and a PgBouncer in session mode before it, both on loopback and letting everybody in, with the tables
/// of pgbench in them.
/// </summary>
/// <remarks>Neither runs as root, so under root both get the user that PostgreSQL's package made.</remarks>
internal sealed class Cluster : IAsyncDisposable
{
    public const string Superuser = "postgres";
    public const string Reader = "reader";

    /// <summary>For the idle connections, and those that stand beside them.</summary>
    private const int MaxConnections = 1_200;

    private const int Scale = 10;
    private const string Installed = "/usr/lib/postgresql";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("countersign-bench-postgres-");
    private readonly List<Process> _processes = [];

    private Cluster()
    {
    }

    public int Port { get; } = FreePort();

    public int BouncerPort { get; } = FreePort();

    public static string Binary(string name) => Path.Combine(
        Directory.EnumerateDirectories(Installed)
            .Where(version => File.Exists(Path.Combine(version, "bin", "initdb")))
            .MaxBy(version => int.Parse(Path.GetFileName(version), CultureInfo.InvariantCulture))!,
        "bin",
        name);

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public static async Task<Cluster> StartAsync()
    {
        var cluster = new Cluster();
        await cluster.StartPostgresAsync();
        await cluster.StartBouncerAsync();
        return cluster;
    }

    /// <summary>A connection string of the superuser, straight to the database.</summary>
    public static string Direct(int port) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = Superuser,
        Database = Superuser,
        Pooling = false,
        CommandTimeout = 300,
    }.ConnectionString;

    /// <summary>SIGINT ends both of them at once.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await RunAsync("kill", "-INT", process.Id.ToString(CultureInfo.InvariantCulture));
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    /// <summary>Runs a program to its end; what it wrote.</summary>
    public static async Task<string> RunAsync(params string[] command)
    {
        using var process = Bench.Start(command, new Dictionary<string, string>
        {
            ["PGPASSWORD"] = ServedProduct.AgentToken, ["PGSSLMODE"] = "disable",
        });
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{string.Join(' ', command)}: {await errors}{output}");
    }

    private async Task StartPostgresAsync()
    {
        var data = Path.Combine(_folder.FullName, "data");
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", Superuser, _folder.FullName);
        }

        await RunAsync(Unprivileged(
            Binary("initdb"), "-D", data, "-U", Superuser, "-A", "trust", "--no-sync", "-E", "UTF8"));
        Start(
            Binary("postgres"), "-D", data, "-p", Text(Port), "-h", "127.0.0.1", "-c", "fsync=off", "-c",
            $"unix_socket_directories={_folder.FullName}", "-c", $"max_connections={MaxConnections}");
        await WaitAsync(Port);
        await RunAsync(
            Binary("pgbench"), "-i", "-q", "-s", Text(Scale), "-h", "127.0.0.1", "-p", Text(Port), "-U", Superuser,
            Superuser);
        await using var source = NpgsqlDataSource.Create(Direct(Port));
        await using var role = source.CreateCommand(
            $"CREATE ROLE {Reader}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {Reader}");
        await role.ExecuteNonQueryAsync();
    }

    private async Task StartBouncerAsync()
    {
        var file = Path.Combine(_folder.FullName, "pgbouncer.ini");
        await File.WriteAllTextAsync(file, string.Create(
            CultureInfo.InvariantCulture,
            $"""
            [databases]
            {Superuser} = host=127.0.0.1 port={Port} user={Superuser}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {BouncerPort}
            unix_socket_dir =
            auth_type = any
            pool_mode = session
            default_pool_size = 100
            ignore_startup_parameters = extra_float_digits

            """));
        Start("/usr/sbin/pgbouncer", "-q", file);
        await WaitAsync(BouncerPort);
    }

    private void Start(params string[] command)
    {
        var process = Bench.Start(Unprivileged(command));
        // What it says is read, so that it never waits for a reader.
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        _processes.Add(process);
    }

    private static async Task WaitAsync(int port)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var connection = new NpgsqlConnection(Direct(port));
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (tries < 100)
            {
                await Task.Delay(100);
            }
        }
    }

    private static string[] Unprivileged(params string[] command) => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={Superuser}", "--regid=postgres", "--clear-groups", "--", .. command]
        : command;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
