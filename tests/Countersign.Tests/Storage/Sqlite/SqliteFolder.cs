using System.Security.Cryptography;
using Countersign.Core.Ledger;
using Countersign.Server.Keys;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Server.Storage.Sqlite.Audit;
using Countersign.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>A folder with the files and keys of one embedded store.</summary>
internal sealed class SqliteFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PayloadVault _vault = NewVault();

    private readonly List<LedgerKey> _keys = [];
    private byte[] _seed = Ed25519SigningKey.NewSeed();

    public SqliteFolder() => Key = KeyOf(_seed, previous: null);

    public LedgerKey Key { get; private set; }

    /// <summary>What payloads are sealed with.</summary>
    public PayloadVault Vault => _vault;

    public string Database => PathOf("store.db");

    public string Head => PathOf("ledger.head");

    public static PayloadVault NewVault() =>
        new(new PayloadKey(RandomNumberGenerator.GetBytes(ExtendedAesGcm.KeyBytes)), RandomNumberGenerator.Fill);

    public string PathOf(string name) => _folder.PathOf(name);

    public SqliteStoreOptions Options(TimeProvider time) => new()
    {
        Path = Database,
        HeadFile = Head,
        Key = Key,
        Vault = _vault,
        Random = RandomNumberGenerator.Fill,
        Time = time,
    };

    public Task<SqliteStore> OpenAsync(TimeProvider time) =>
        SqliteStore.OpenAsync(Options(time), TestContext.Current.CancellationToken);

    /// <summary>Recomputes the whole store, with and without the payload key: nothing may be found.</summary>
    public async Task AuditAsync()
    {
        Assert.Empty(await FaultsAsync(withPayloads: false));
        Assert.Empty(await FaultsAsync(withPayloads: true));
    }

    /// <summary>What an audit of the database finds.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync(bool withPayloads, string? database = null)
    {
        var options = new StoreAuditOptions
        {
            Trusted = [Key.VerifierKey],
            Vault = withPayloads ? _vault : null,
        };
        var report = await new StoreAudit(database ?? Database, options)
            .RunAsync(TestContext.Current.CancellationToken);
        return report.Faults;
    }

    /// <summary>Changes the database behind the store's back.</summary>
    public void Run(string sql)
    {
        using var session = SqliteSession.Open(Database, SqliteOpenMode.ReadWrite);
        session.RunScript(sql);
    }

    /// <summary>Copies the database as a crash leaves it, while the store is open or after.</summary>
    public string CopyDatabase(string name)
    {
        foreach (var suffix in (string[])["", "-wal"])
        {
            if (File.Exists(Database + suffix))
            {
                File.Copy(Database + suffix, PathOf(name) + suffix, overwrite: true);
            }
        }

        return PathOf(name);
    }

    /// <summary>The bytes of every file there is; one that is renamed meanwhile is read again.</summary>
    public async Task<IReadOnlyList<byte[]>> ReadFilesAsync()
    {
        while (true)
        {
            try
            {
                return [.. await Task.WhenAll(_folder.Files
                    .Where(path => !path.EndsWith(".lock", StringComparison.Ordinal))
                    .Select(ReadFileAsync))];
            }
            catch (FileNotFoundException)
            {
                // The head file's next version has just become the head file.
            }
        }
    }

    /// <summary>Puts a folder where the head file's next version would go, between two writes of it.</summary>
    public async Task ObstructHeadFileAsync()
    {
        while (!Directory.Exists(Head + ".new"))
        {
            try
            {
                Directory.CreateDirectory(Head + ".new");
            }
            catch (IOException)
            {
                // The file is being written at this moment.
                await Task.Delay(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>A new key of the ledger; the one before it signs along until <see cref="EndOverlap"/>.</summary>
    public void RotateKey()
    {
        var before = _seed;
        _seed = Ed25519SigningKey.NewSeed();
        Key = KeyOf(_seed, before);
    }

    /// <summary>From now on the present key signs alone.</summary>
    public void EndOverlap() => Key = KeyOf(_seed, previous: null);

    public void Dispose()
    {
        _vault.Dispose();
        _keys.ForEach(key => key.Dispose());
        _folder.Dispose();
    }

    private LedgerKey KeyOf(byte[] seed, byte[]? previous)
    {
        _keys.Add(new LedgerKey(
            new KeyName("localhost/countersign"),
            new Ed25519SigningKey(seed),
            previous is null ? null : new Ed25519SigningKey(previous)));
        return _keys[^1];
    }

    private static async Task<byte[]> ReadFileAsync(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return bytes;
    }
}
