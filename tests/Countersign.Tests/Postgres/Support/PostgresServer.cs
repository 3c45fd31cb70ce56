using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

[assembly: AssemblyFixture(typeof(Countersign.Tests.Postgres.Support.PostgresServer))]

namespace Countersign.Tests.Postgres.Support;

/// <summary>
/// A PostgreSQL of its own for all tests of this assembly, started when the first one asks for it: Debian's binaries,
/// a free loopback port, no durability. Everybody there is let in by password alone.
/// </summary>
/// <remarks>PostgreSQL does not run as root, so under root it gets the user that its package made.</remarks>
public sealed class PostgresServer : IDisposable
{
    public const string Superuser = "postgres";
    public const string Password = "for tests only";

    private const string Binaries = "/usr/lib/postgresql";
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private Running? _running;
    private int _databases;

    /// <summary>A new, empty database, as Npgsql connection string of the superuser.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var server = Start();
        var name = $"test{Interlocked.Increment(ref _databases)}";
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        await using var create = source.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return ConnectionString(name);

        string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = server.Port,
            Username = Superuser,
            Password = Password,
            Database = database,
            Pooling = false,
        }.ConnectionString;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _running?.Stop();
            _running = null;
        }
    }

    private Running Start()
    {
        lock (_lock)
        {
            return _running ??= Running.Start(FindBinaries());
        }
    }

    /// <summary>The newest version that is installed; without any, tests are skipped, except on CI.</summary>
    private static string FindBinaries()
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

        return Path.Combine(found, "bin");
    }

    private sealed class Running(DirectoryInfo folder, Process process, int port)
    {
        public int Port => port;

        public static Running Start(string binaries)
        {
            var folder = Directory.CreateTempSubdirectory("countersign-postgres-");
            var data = Path.Combine(folder.FullName, "data");
            var password = Path.Combine(folder.FullName, "password");
            File.WriteAllText(password, Password);
            if (Environment.IsPrivilegedProcess)
            {
                Run("chown", "-R", Superuser, folder.FullName);
            }

            Run(AsServer(
                Path.Combine(binaries, "initdb"), "-D", data, "-U", Superuser, "--pwfile", password, "-A",
                "scram-sha-256", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"));
            var port = FreePort();
            var start = new ProcessStartInfo { RedirectStandardError = true, RedirectStandardOutput = true };
            string[] command = AsServer(
                Path.Combine(binaries, "postgres"), "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-h",
                "127.0.0.1", "-c", $"unix_socket_directories={folder.FullName}", "-c", "fsync=off", "-c",
                "max_connections=300");
            start.FileName = command[0];
            Array.ForEach(command[1..], start.ArgumentList.Add);
            var process = Process.Start(start)!;
            WaitUntilReady(process);
            return new Running(folder, process, port);
        }

        /// <summary>SIGINT is PostgreSQL's fast shutdown.</summary>
        public void Stop()
        {
            Run("kill", "-INT", process.Id.ToString(CultureInfo.InvariantCulture));
            process.WaitForExit(s_startLimit);
            process.Dispose();
            folder.Delete(recursive: true);
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
                else if (line.Data.Contains("ready to accept connections", StringComparison.Ordinal))
                {
                    ready.TrySetResult();
                }
            };
            process.BeginErrorReadLine();
            ready.Task.WaitAsync(s_startLimit).GetAwaiter().GetResult();
        }

        /// <summary>exec instead of fork: the process that is started is the server itself.</summary>
        private static string[] AsServer(params string[] command) => Environment.IsPrivilegedProcess
            ? ["setpriv", $"--reuid={Superuser}", "--regid=postgres", "--clear-groups", "--", .. command]
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
}
