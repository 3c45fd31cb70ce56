using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>Payloads are sealed, ids and times are not: the files are for their owner only.</summary>
public sealed class SqliteFileModeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_its_owner_may_read_the_database_and_its_side_files()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("There are no Unix modes here.");
            return;
        }

        using var folder = new SqliteFolder();
        await using var store = await SqliteStore.OpenAsync(folder.Options(new ManualTime()), Cancel);

        string[] files = [.. new[] { "", "-wal", "-shm", ".lock" }.Select(suffix => folder.Database + suffix)];

        foreach (var file in files)
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }
}
