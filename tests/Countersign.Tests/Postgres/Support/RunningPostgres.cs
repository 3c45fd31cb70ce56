using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Countersign.Tests.Postgres.Support;

/// <summary>
/// One PostgreSQL server: Debian's binaries, a free loopback port, no durability. Everybody there is let in by password
/// alone.
/// </summary>
/// <remarks>PostgreSQL does not run as root, so under root it gets the user that its package made.</remarks>
internal sealed class RunningPostgres
{
    private const string Binaries = "/usr/lib/postgresql";
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder;
    private readonly int _port = FreePort();
    private Process? _process;

    private RunningPostgres(DirectoryInfo folder) => _folder = folder;

    private string Data => Path.Combine(_folder.FullName, "data");

    public static RunningPostgres Start()
    {
        var server = new RunningPostgres(NewFolder());
        var password = Path.Combine(server._folder.FullName, "password");
        File.WriteAllText(password, PostgresServer.Password);
        Run(AsServer(
            Program("initdb"), "-D", server.Data, "-U", PostgresServer.Superuser, "--pwfile", password, "-A",
            "scram-sha-256", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"));
        server.Resume();
        return server;
    }

    /// <summary>A hot standby that follows it by streaming.</summary>
    public RunningPostgres StartStandby()
    {
        var standby = new RunningPostgres(NewFolder());
        Run(AsServer(
            Program("pg_basebackup"), "-D", standby.Data, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync", "-d",
            $"host=127.0.0.1 port={_port} user={PostgresServer.Superuser} password='{PostgresServer.Password}'"));
        standby.Resume();
        return standby;
    }

    /// <summary>Connection string of the superuser.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = _port,
        Username = PostgresServer.Superuser,
        Password = PostgresServer.Password,
        Database = database,
        Pooling = false,
    }.ConnectionString;

    /// <summary>It runs again, with what it had and where it was.</summary>
    public void Resume()
    {
        var start = new ProcessStartInfo { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] command = AsServer(
            Program("postgres"), "-D", Data, "-p", _port.ToString(CultureInfo.InvariantCulture), "-h", "127.0.0.1",
            "-c", $"unix_socket_directories={_folder.FullName}", "-c", "fsync=off", "-c", "max_connections=300",
            "-c", "wal_retrieve_retry_interval=100");
        start.FileName = command[0];
        Array.ForEach(command[1..], start.ArgumentList.Add);
        _process = Process.Start(start)!;
        WaitUntilReady(_process);
    }

    /// <summary>SIGINT is PostgreSQL's fast shutdown.</summary>
    public void Pause()
    {
        if (_process is { } process)
        {
            Run("kill", "-INT", process.Id.ToString(CultureInfo.InvariantCulture));
            process.WaitForExit(s_startLimit);
            process.Dispose();
            _process = null;
        }
    }

    public void Stop()
    {
        Pause();
        _folder.Delete(recursive: true);
    }

    /// <summary>Of the newest version that is installed; without any, tests are skipped, except on CI.</summary>
    private static string Program(string name)
    {
        var found = Directory.Exists(Binaries)
            ? Directory.EnumerateDirectories(Binaries)
                .Where(folder => File.Exists(Path.Combine(folder, "bin", "initdb")))
                .MaxBy(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture))
            : null;
        if (found is null)
        {
            const string missing = $"There is no PostgreSQL under {Binaries}; install postgresql.";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", missing);
            throw new InvalidOperationException(missing);
        }

        return Path.Combine(found, "bin", name);
    }

    private static DirectoryInfo NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("countersign-postgres-");
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", PostgresServer.Superuser, folder.FullName);
        }

        return folder;
    }

    /// <summary>
    /// The server's log says when it takes connections; it is read to its end, so that it never blocks.
    /// </summary>
    private static void WaitUntilReady(Process process)
    {
        var ready = new TaskCompletionSource();
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException("The PostgreSQL of the tests did not start."));
            }
            else if (line.Data.Contains("ready to accept", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        };
        process.BeginErrorReadLine();
        ready.Task.WaitAsync(s_startLimit).GetAwaiter().GetResult();
    }

    /// <summary>exec instead of fork: the process that is started is the server itself.</summary>
    private static string[] AsServer(params string[] command) => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={PostgresServer.Superuser}", "--regid=postgres", "--clear-groups", "--", .. command]
        : command;

    private static void Run(params string[] command)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/tmp",
        };
        Array.ForEach(command[1..], start.ArgumentList.Add);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command[0]} failed: {errors}{output.Result}");
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
