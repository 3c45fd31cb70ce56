using System.Security.Cryptography;
using Countersign.Core.Ledger;
using Countersign.Server.Keys;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>A folder with the files and keys of one embedded store.</summary>
internal sealed class SqliteFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PayloadVault _vault = NewVault();

    public LedgerKey Key { get; } =
        new(new KeyName("localhost/countersign"), new Ed25519SigningKey(Ed25519SigningKey.NewSeed()));

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

    public async Task<IReadOnlyList<byte[]>> ReadFilesAsync()
    {
        var files = new List<byte[]>();
        foreach (var path in _folder.Files.Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)))
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[file.Length];
            await file.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
            files.Add(bytes);
        }

        return files;
    }

    public void Dispose()
    {
        _vault.Dispose();
        Key.Dispose();
        _folder.Dispose();
    }
}
