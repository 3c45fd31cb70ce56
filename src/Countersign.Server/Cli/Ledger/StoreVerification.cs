using System.CommandLine;
using System.Text;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Server.Configuration;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite.Audit;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger verify --store URL</c>: recomputes a whole store.</summary>
internal static class StoreVerification
{
    private const string SqlitePrefix = "sqlite:";

    public static Option<string?> PayloadKeyFile { get; } = new("--payload-key")
    {
        Description = "With --store: the payload key's file; what payloads say is compared with the tables too.",
    };

    public static Option<string?> Config { get; } = new("--config")
    {
        Description = "With --store: take the payload key, and its passphrase, from this configuration.",
    };

    public static Option<string?> Seen { get; } = new("--seen")
    {
        Description = "With --store: a checkpoint of this log that you kept; the store has to extend it.",
    };

    public static async Task<int> RunAsync(ParseResult parsed, string url, CancellationToken cancellationToken)
    {
        using var vault = VaultOf(parsed);
        var options = new StoreAuditOptions
        {
            Trusted = TrustOptions.Read(parsed),
            Vault = vault,
            Seen = SeenOf(parsed),
        };
        var path = url.StartsWith(SqlitePrefix, StringComparison.Ordinal) ? url[SqlitePrefix.Length..] : url;
        var report = await new StoreAudit(path, options).RunAsync(cancellationToken);
        Output.Write(parsed, ToJson(report, vault is not null), _ => ToText(report, vault is not null));
        return report.IsSound && !report.Signers.IsEmpty ? ExitCode.Succeeded : ExitCode.Failed;
    }

    private static PayloadVault? VaultOf(ParseResult parsed)
    {
        var (file, passphrase) = (parsed.GetValue(PayloadKeyFile), (string?)null);
        if (parsed.GetValue(Config) is { } config)
        {
            var ledger = SettingsFile.Load(config, Environment.GetEnvironmentVariable).Ledger;
            (file, passphrase) = (file ?? ledger.PayloadKeyFile, ledger.Passphrase);
        }

        try
        {
            return file is null
                ? null
                : new PayloadVault(
                    PayloadKey.Load(file, passphrase), System.Security.Cryptography.RandomNumberGenerator.Fill);
        }
        catch (Keys.KeyFileException refused)
        {
            throw new CommandFailure(ExitCode.Failed, refused.Message);
        }
    }

    private static Checkpoint? SeenOf(ParseResult parsed)
    {
        if (parsed.GetValue(Seen) is not { } path)
        {
            return null;
        }

        try
        {
            var note = SignedNote.Parse(File.ReadAllBytes(path));
            var keys = TrustOptions.Read(parsed);
            return keys.Count == 0 || note.Verify(keys) is NoteCheck.Trusted
                ? Checkpoint.Parse(note.Text.Span)
                : throw new CommandFailure(
                    ExitCode.Failed, $"The checkpoint '{path}' is not signed by a trusted key; it proves nothing.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new CommandFailure(ExitCode.Usage, $"The checkpoint '{path}' cannot be read: {failure.Message}");
        }
    }

    private static JsonElement ToJson(AuditReport report, bool withPayloads) => JsonSerializer.SerializeToElement(new
    {
        verified = report.IsSound && !report.Signers.IsEmpty,
        self_consistent = report.IsSound,
        origin = report.Checkpoint?.Origin.ToString(),
        size = report.Checkpoint?.Size,
        root = report.Checkpoint?.Root.ToBase64(),
        signed_by = report.Signers,
        payloads_compared = withPayloads,
        key_successions = report.Successions.Select(succession => new
        {
            size = succession.From.Size,
            from = succession.Before.ToString(),
            to = succession.After.ToString(),
        }),
        erased = report.Erased,
        faults = report.Faults,
    });

    private static string ToText(AuditReport report, bool withPayloads)
    {
        var lines = new List<string>();
        if (report.Checkpoint is { } checkpoint)
        {
            lines.Add($"{checkpoint.Origin}: {checkpoint.Size} entries, root {checkpoint.Root.ToBase64()}");
        }

        lines.AddRange(report.Successions.Select(succession =>
            $"Entry {succession.From.Size}: the key {succession.Before} was followed by {succession.After}."));
        lines.AddRange(report.Faults.Select(fault => "FAULT  " + fault));
        if (report.IsSound)
        {
            lines.Add("Tree, tiles, leaves, chains and ciphertext hashes agree with the checkpoint.");
            lines.Add(withPayloads
                ? "Payloads were opened; what they say and what the tables say agree."
                : "Payloads were not decrypted; their ciphertexts are the ones the entries were made for.");
        }

        lines.Add((report.IsSound, report.Signers.IsEmpty) switch
        {
            (true, false) => $"Verified: signed by {string.Join(", ", report.Signers)}.",
            (true, true) =>
                "Self-consistent only: no trusted key signed this checkpoint. Give --vkey LINE or --policy FILE.",
            _ => "NOT verified.",
        });
        return string.Join('\n', lines);
    }
}
