using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Tests.Postgres.Wire.Login;

/// <summary>
/// A PostgreSQL with TLS where every user logs in by another method: scram, md5, password and trust.
/// </summary>
public sealed class EncryptedServer : IDisposable
{
    public const string Password = "for tests only";

    private const string Owner = "postgres";
    private const string Rules = """
        local   all all trust
        hostssl all scram 127.0.0.0/8 scram-sha-256
        host    all plain 127.0.0.0/8 scram-sha-256
        host    all md5   127.0.0.0/8 md5
        host    all clear 127.0.0.0/8 password
        host    all trust 127.0.0.0/8 trust

        """;

    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("countersign-tls-");
    private readonly Process _server;

    public EncryptedServer()
    {
        var binaries = FindBinaries();
        var data = Path.Combine(_folder.FullName, "data");
        GiveToOwner();
        Run(AsOwner(
            Path.Combine(binaries, "initdb"), "-D", data, "-U", Owner, "-A", "trust", "--no-sync", "-E", "UTF8"));
        WriteFiles(data);
        GiveToOwner();
        Port = FreePort();
        string[] command = AsOwner(
            Path.Combine(binaries, "postgres"), "-D", data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-h",
            "127.0.0.1,127.0.0.2", "-k", _folder.FullName, "-c", "fsync=off", "-c", "ssl=on");
        _server = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        WaitUntilReady();
        Run(
            Path.Combine(binaries, "psql"), "-qX", "-h", _folder.FullName, "-p", $"{Port}", "-U", Owner, "-c",
            $"CREATE ROLE scram LOGIN PASSWORD '{Password}'; CREATE ROLE plain LOGIN PASSWORD '{Password}';"
            + $" CREATE ROLE clear LOGIN PASSWORD '{Password}'; CREATE ROLE trust LOGIN;"
            + $" SET password_encryption = md5; CREATE ROLE md5 LOGIN PASSWORD '{Password}'");
    }

    public int Port { get; }

    /// <summary>The folder of its Unix socket.</summary>
    public string Folder => _folder.FullName;

    /// <summary>Its self-signed certificate, as the root to trust.</summary>
    public string Root => Path.Combine(_folder.FullName, "root.pem");

    public string OtherRoot => Path.Combine(_folder.FullName, "other.pem");

    /// <summary>SIGINT is PostgreSQL's fast shutdown.</summary>
    public void Dispose()
    {
        Run("kill", "-INT", _server.Id.ToString(CultureInfo.InvariantCulture));
        _server.WaitForExit(s_startLimit);
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private void WriteFiles(string data)
    {
        using var certificate = Certificates.SelfSigned();
        using var other = Certificates.SelfSigned();
        using var key = certificate.GetECDsaPrivateKey()!;
        var keyFile = Path.Combine(data, "server.key");
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Path.Combine(data, "server.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(data, "pg_hba.conf"), Rules);
        File.WriteAllText(Root, certificate.ExportCertificatePem());
        File.WriteAllText(OtherRoot, other.ExportCertificatePem());
    }

    private void WaitUntilReady()
    {
        var ready = new TaskCompletionSource();
        _server.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException("The PostgreSQL with TLS did not start."));
            }
            else if (line.Data.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        };
        _server.BeginErrorReadLine();
        ready.Task.WaitAsync(s_startLimit).GetAwaiter().GetResult();
    }

    private void GiveToOwner()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "-R", Owner, _folder.FullName);
        }
    }

    private static string FindBinaries()
    {
        const string root = "/usr/lib/postgresql";
        var found = Directory.Exists(root) ? Directory.GetFiles(root, "initdb", SearchOption.AllDirectories) : [];
        Assert.SkipWhen(found.Length == 0 && Environment.GetEnvironmentVariable("CI") != "true", "Install postgresql.");
        return Path.GetDirectoryName(found.Order(StringComparer.Ordinal).Last())!;
    }

    private static string[] AsOwner(params string[] command) => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={Owner}", "--regid=postgres", "--clear-groups", "--", .. command]
        : command;

    private static void Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command[0]} failed: {errors}{output.Result}");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
