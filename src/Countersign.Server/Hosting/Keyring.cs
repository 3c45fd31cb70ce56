using System.Security.Cryptography;
using Countersign.Core.Ledger;
using Countersign.Core.Redaction;
using Countersign.Server.Configuration;
using Countersign.Server.Keys;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Hosting;

/// <summary>
/// The keys of one ledger. They are made only while the store is empty: a lost key is never replaced silently.
/// </summary>
internal sealed class Keyring : IDisposable
{
    /// <summary>The purpose of the key that seals statements to sign and enrolment codes.</summary>
    public const string ForPasskeys = "countersign-passkey-v1";

    /// <summary>The purpose of the key that seals the codes of custodians.</summary>
    public const string ForBreakGlass = "countersign-break-glass-v1";

    /// <summary>The purpose of the key of the fingerprints by which tokens are told apart.</summary>
    public const string ForTokenMarks = "countersign-token-mark-v1";

    private Keyring(LedgerKey ledger, PayloadKey payload, RedactionKey? redaction)
    {
        Redaction = redaction;
        Ledger = ledger;
        Payload = payload;
        Vault = new PayloadVault(payload, RandomNumberGenerator.Fill);
    }

    public LedgerKey Ledger { get; }

    public PayloadKey Payload { get; }

    public PayloadVault Vault { get; }

    /// <summary>What values are hashed and tokenised under; <c>null</c> where no target does either.</summary>
    public RedactionKey? Redaction { get; }

    /// <exception cref="ConfigurationException">A key is missing, unreadable or open to others.</exception>
    public static Keyring Open(Settings settings)
    {
        var storeIsEmpty = SqliteStore.IsEmpty(settings.Database);
        CreateFolders(settings);
        try
        {
            if (storeIsEmpty && !File.Exists(settings.Ledger.KeyFile))
            {
                KeyFile.Create(settings.Ledger.KeyFile, Ed25519SigningKey.NewSeed(), settings.Ledger.Passphrase);
            }

            var payload = PayloadKey.LoadOrCreate(
                settings.Ledger.PayloadKeyFile,
                storeIsEmpty,
                RandomNumberGenerator.Fill,
                settings.Ledger.Passphrase);
            var redaction = RedactionKeyFile.Open(settings, storeIsEmpty);
            return new Keyring(LedgerKeyOf(settings.Ledger), payload, redaction);
        }
        catch (FileNotFoundException missing)
        {
            throw new ConfigurationException(
                $"The ledger key '{missing.FileName ?? settings.Ledger.KeyFile}' is missing, and keys are made only " +
                "while the store is empty. Restore it from its backup, or correct ledger.key.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ConfigurationException($"The keys of the ledger cannot be used: {failure.Message}");
        }
        catch (Exception failure) when (failure is KeyFileException or LibCryptoMissingException)
        {
            throw new ConfigurationException(failure.Message);
        }
    }

    /// <summary>The key that signs, and the one before it as long as both do.</summary>
    /// <exception cref="KeyFileException">One of them must not, or cannot, be used.</exception>
    public static LedgerKey LedgerKeyOf(LedgerSettings settings)
    {
        var key = KeyFile.Load(settings.KeyFile, settings.Passphrase);
        try
        {
            var previous = settings.PreviousKeyFile is { } path ? KeyFile.Load(path, settings.Passphrase) : null;
            return new LedgerKey(new KeyName(settings.Origin), key, previous);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>The configuration with the key of its masks.</summary>
    public Settings Unlock(Settings settings) => Redaction is null ? settings : settings.WithKey(Redaction);

    /// <summary>A key for one purpose, so that what is sealed for one cannot be opened as another.</summary>
    public byte[] DeriveKey(string purpose) => Payload.DeriveKey(purpose);

    public void Dispose()
    {
        Vault.Dispose();
        Ledger.Dispose();
    }

    private static void CreateFolders(Settings settings)
    {
        string[] files =
        [
            settings.Database, settings.Ledger.KeyFile, settings.Ledger.PayloadKeyFile, settings.Ledger.HeadFile,
            settings.Redaction.KeyFile,
        ];
        var own = files.Where(file => !ServiceCredential.Contains(file));
        foreach (var folder in own.Select(Path.GetDirectoryName).OfType<string>().Distinct())
        {
            try
            {
                Directory.CreateDirectory(folder);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException($"The folder '{folder}' cannot be made: {failure.Message}");
            }
        }
    }
}
