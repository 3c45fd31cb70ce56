using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>The embedded store keeps what every store promises.</summary>
public sealed class SqliteStoreTests : StoreTests
{
    private readonly SqliteFolder _folder = new();

    protected override async Task<OpenedStore> OpenAsync(TimeProvider clock)
    {
        var store = await SqliteStore.OpenAsync(_folder.Options(clock), TestContext.Current.CancellationToken);
        return new OpenedStore(store, store, _folder.Key.VerifierKey);
    }

    protected override async Task<IReadOnlyList<byte[]>> ReadRawBytesAsync() => await _folder.ReadFilesAsync();

    protected override void CleanUp() => _folder.Dispose();
}
