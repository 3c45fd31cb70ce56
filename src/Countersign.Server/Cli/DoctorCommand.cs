using System.CommandLine;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Server.Channels.Email;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Channels.Teams;
using Countersign.Server.Channels.Webhook;
using Countersign.Server.Cli.Hook;
using Countersign.Server.Cli.Hook.Install;
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
            ServeCommand.Config, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var findings = new List<(bool Ok, string Text)>
            {
                Try("libcrypto with Ed25519", () => new Ed25519SigningKey(Ed25519SigningKey.NewSeed()).Dispose()),
                Try("SQLite", SystemSqlite.EnsureLoaded),
            };
            var settings = TryLoad(parsed.GetRequiredValue(ServeCommand.Config), findings);
            findings.Add(await GrammarCheck.RunAsync(
                PgQueryLibrary.Find(Environment.GetEnvironmentVariable),
                Environment.ProcessPath!,
                isNeeded: settings?.Postgres is not null,
                cancellationToken));
            if (settings is not null)
            {
                await CheckAsync(settings, findings, cancellationToken);
            }

            findings.AddRange(await HooksAsync(cancellationToken));

            var report = JsonSerializer.SerializeToElement(
                new { findings = findings.Select(finding => new { ok = finding.Ok, text = finding.Text }) });
            Output.Write(parsed, report, ToText);
            return findings.All(finding => finding.Ok) ? ExitCode.Succeeded : ExitCode.Failed;
        });
        return command;
    }

    /// <summary>The hooks of the coding agents that this machine's user has one for; most servers have none.</summary>
    private static async Task<IEnumerable<(bool Ok, string Text)>> HooksAsync(CancellationToken cancellationToken)
    {
        var places = new HookPlaces(Environment.GetEnvironmentVariable, Environment.CurrentDirectory, "/");
        var findings = new List<(bool Ok, string Text)>();
        var doctors = HookHost.All.Select(host => new HookDoctor(host, places, HookInstaller.Own()));
        foreach (var doctor in doctors.Where(each => each.IsInstalled))
        {
            findings.AddRange((await doctor.RunAsync(cancellationToken))
                .Select(found => (found.Ok ?? true, found.Ok is null ? $"hook (note: {found.Text})" : found.Text)));
        }

        return findings;
    }

    private static string ToText(JsonElement report) => string.Join(
        '\n',
        report.GetProperty("findings").EnumerateArray().Select(finding =>
            (finding.GetProperty("ok").GetBoolean() ? "ok    " : "FAIL  ") + finding.GetProperty("text").GetString()));

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
        Core.Policies.Policy? policy = null;
        findings.Add(Try("policy", () => policy = CharterSource.LoadPolicy(settings)));
        if (policy is null)
        {
            return;
        }

        findings.AddRange(OutOfReach.Find(policy, settings).Select(warning => (true, $"policy (note: {warning})")));
        var isShort = settings.Tokens.Any(token => token.Secret is TokenSecret.Hashed { IsShort: true });
        findings.Add((true, isShort
            ? "tokens (note: one is shorter than 16 characters and can be guessed; see 'countersign agent token')"
            : "tokens"));
        var isTooStrong = policy.Rules.Any(rule =>
            rule.Requirement is { Assurance: > Assurance.Token });
        findings.Add((true, isTooStrong
            ? "assurance (note: a rule asks for more than 'token', which is all that a token gives in this version)"
            : "assurance"));
        if (settings.Tls is { } tls)
        {
            findings.Add(Try("certificate", () => ServerCertificate.Load(tls)));
        }

        if (settings.Channels.Slack is { } slack)
        {
            using var client = new SlackClient(slack);
            findings.AddRange(await new SlackCheckup(settings.Channels, slack, client).RunAsync(cancellationToken));
        }

        if (settings.Channels.Teams is { } teams)
        {
            findings.AddRange(await new TeamsCheckup(settings.Channels, teams).RunAsync(cancellationToken));
        }

        if (settings.Channels.Webhook is { } webhook)
        {
            findings.Add(await WebhookCheckup.RunAsync(webhook, cancellationToken));
        }

        if (settings.Channels.Email is { } email)
        {
            findings.AddRange(await EmailCheckup.RunAsync(settings.Channels, email, cancellationToken));
        }

        findings.Add(await AskServerAsync(settings.Public, cancellationToken));
    }

    /// <summary>A server that does not run is no fault of the machine; one that says it cannot decide is.</summary>
    private static async Task<(bool Ok, string Text)> AskServerAsync(Uri server, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var answer = await http.GetAsync(new Uri(server, "/readyz"), cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            return (answer.IsSuccessStatusCode, $"server at {server}: {DisplayText.OneLine(text).Text}");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return (true, $"server at {server}: not running, or not to be reached ({failure.Message})");
        }
    }
}
