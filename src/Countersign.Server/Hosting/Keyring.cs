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
                KeyFile.Create(settings.Ledger.KeyFile, Ed25519SigningKey.NewSeed());
            }

            var key = KeyFile.Load(settings.Ledger.KeyFile);
            var payload = PayloadKey.LoadOrCreate(
                settings.Ledger.PayloadKeyFile, storeIsEmpty, RandomNumberGenerator.Fill);
            var redaction = RedactionKeyFile.Open(settings, storeIsEmpty);
            return new Keyring(new LedgerKey(new KeyName(settings.Ledger.Origin), key), payload, redaction);
        }
        catch (FileNotFoundException)
        {
            throw new ConfigurationException(
                $"The ledger key '{settings.Ledger.KeyFile}' is missing, and keys are made only while the store is " +
                "empty. Restore it from its backup, or correct ledger.key.");
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

    /// <summary>The configuration with the key of its masks.</summary>
    public Settings Unlock(Settings settings) => Redaction is null ? settings : settings.WithKey(Redaction);

    /// <summary>A key for one purpose, so that what is sealed for one cannot be opened as another.</summary>
    public byte[] DeriveKey(string purpose) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256,
        Payload.Bytes.ToArray(),
        outputLength: 32,
        info: System.Text.Encoding.UTF8.GetBytes(purpose));

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
        foreach (var folder in files.Select(Path.GetDirectoryName).OfType<string>().Distinct())
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
