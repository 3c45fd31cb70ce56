using System.CommandLine;
using Countersign.Core.Identity;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Keys;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Cli;

/// <summary>
/// <c>countersign doctor</c>: what stands between this machine and a running server, each with its remedy.
/// </summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Check this machine and the configuration; nothing is changed.")
        {
            ServeCommand.Config,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var findings = new List<(bool Ok, string Text)>
            {
                Try("libcrypto with Ed25519", () => new Ed25519SigningKey(Ed25519SigningKey.NewSeed()).Dispose()),
                Try("SQLite", SystemSqlite.EnsureLoaded),
            };
            var settings = TryLoad(parsed.GetRequiredValue(ServeCommand.Config), findings);
            if (settings is not null)
            {
                await CheckAsync(settings, findings, cancellationToken);
            }

            foreach (var (ok, text) in findings)
            {
                Terminal.WriteLine($"{(ok ? "ok  " : "FAIL")}  {text}");
            }

            return findings.All(finding => finding.Ok) ? ExitCode.Succeeded : ExitCode.Failed;
        });
        return command;
    }

    private static (bool Ok, string Text) Try(string what, System.Action check)
    {
        try
        {
            check();
            return (true, what);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // A check may fail in any way; whatever it says is the finding.
            return (false, $"{what}: {failure.Message}");
        }
    }

    private static Settings? TryLoad(string path, List<(bool Ok, string Text)> findings)
    {
        Settings? settings = null;
        findings.Add(Try(
            "configuration " + path, () => settings = SettingsFile.Load(path, Environment.GetEnvironmentVariable)));
        return settings;
    }

    private static async Task CheckAsync(
        Settings settings, List<(bool Ok, string Text)> findings, CancellationToken cancellationToken)
    {
        var policy = Try("policy", () => CharterSource.LoadPolicy(settings));
        findings.Add(policy);
        if (!policy.Ok)
        {
            return;
        }

        var isShort = settings.Tokens.Any(token => token.Secret is TokenSecret.Hashed { IsShort: true });
        findings.Add((true, isShort
            ? "tokens (note: one is shorter than 16 characters and can be guessed; see 'countersign agent token')"
            : "tokens"));
        var outOfReach = CharterSource.LoadPolicy(settings).Rules.Any(rule =>
            rule.Requirement is { Assurance: > Assurance.Token });
        findings.Add((true, outOfReach
            ? "assurance (note: a rule asks for more than 'token', which is all that a token gives in this version)"
            : "assurance"));
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            var ready = await http.GetStringAsync(new Uri(settings.Public, "/readyz"), cancellationToken);
            findings.Add((true, $"server at {settings.Public}: {ready}"));
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            findings.Add((true, $"server at {settings.Public}: not running, or not ready ({failure.Message})"));
        }
    }
}
