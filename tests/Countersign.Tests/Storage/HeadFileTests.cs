using Countersign.Core.Storage;
using Countersign.Server.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage;

public sealed class HeadFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.PathOf("ledger.head");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_that_was_never_written_reads_as_nothing()
    {
        await using var file = new HeadFile(Path);
        Assert.Null(file.Read());
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_named_and_does_not_pass_for_a_missing_one()
    {
        await using var file = new HeadFile(Path);
        Directory.CreateDirectory(Path);
        var failure = Assert.Throws<StoreUnavailableException>(file.Read);
        Assert.Contains(Path, failure.Message, StringComparison.Ordinal);
        Assert.Contains("ledger.head_file", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_newest_checkpoint_is_in_the_file_when_it_is_closed()
    {
        var file = new HeadFile(Path);
        for (var i = 0; i <= 1000; i++)
        {
            file.Publish($"checkpoint {i}");
        }

        await file.DisposeAsync();
        Assert.Equal("checkpoint 1000", await File.ReadAllTextAsync(Path, TestContext.Current.CancellationToken));
        Assert.Single(_folder.Files);
    }

    [Fact]
    public async Task A_failure_names_the_file_and_goes_away_with_the_next_success()
    {
        await using var file = new HeadFile(Path);
        Directory.CreateDirectory(Path + ".new");
        var failure = Assert.Throws<StoreUnavailableException>(() => file.Write("one"));
        Assert.Contains(Path, failure.Message, StringComparison.Ordinal);
        Assert.Equal(failure.Message, file.Failure);

        Directory.Delete(Path + ".new");
        file.Write("two");
        Assert.Null(file.Failure);
        Assert.Equal("two", file.Read());
    }
}
