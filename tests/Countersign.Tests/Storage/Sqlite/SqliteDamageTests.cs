using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>
/// FLT-18 and FLT-19: bytes that rot on the disk and a file that cannot be written any more. What is damaged is found,
/// with a message that says so, and nothing is executed from it.
/// </summary>
public sealed class SqliteDamageTests : IDisposable
{
    private const int PageBytes = 4096;
    private const int WalHeaderBytes = 32;
    private const int FrameHeaderBytes = 24;

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whichever_page_rots_an_approval_runs_its_own_action_or_nothing(bool isWholePage)
    {
        var held = await WriteReviewAsync();
        var sound = await File.ReadAllBytesAsync(_folder.Database, Cancel);
        var (found, harmless) = (new List<string>(), 0);
        for (var page = 0; page < sound.Length / PageBytes; page++)
        {
            var rotten = (byte[])sound.Clone();
            Rot(rotten.AsSpan(page * PageBytes, PageBytes), isWholePage);
            await File.WriteAllBytesAsync(_folder.Database, rotten, Cancel);
            if (await WhyNotApprovedAsync(held) is { } why)
            {
                found.Add(why);
            }
            else
            {
                harmless++;
            }
        }

        Assert.All(found, why => Assert.Contains(_folder.Database, why, StringComparison.Ordinal));
        Assert.NotEmpty(found);
        Assert.True(isWholePage || harmless > 0, "A bit in free space harms nothing.");
    }

    [Fact]
    public async Task A_rotten_page_of_the_table_of_actions_is_called_damage_with_its_remedy()
    {
        var held = await WriteReviewAsync();
        var bytes = await File.ReadAllBytesAsync(_folder.Database, Cancel);
        var root = RootOf("action");
        Rot(bytes.AsSpan((root - 1) * PageBytes, PageBytes), isWholePage: true);
        await File.WriteAllBytesAsync(_folder.Database, bytes, Cancel);

        var why = await WhyNotApprovedAsync(held);

        Assert.Contains("the file is damaged", why, StringComparison.Ordinal);
        Assert.Contains("Restore it from a backup", why, StringComparison.Ordinal);
    }

    /// <summary>
    /// SQLite stops at the first frame whose checksum is wrong, as if what follows had never been committed: the head
    /// file knows better.
    /// </summary>
    [Fact]
    public async Task A_frame_of_the_wal_that_rots_takes_acknowledged_commits_with_it_and_that_is_noticed()
    {
        await using var store = await _folder.OpenAsync(_time);
        for (var i = 0; i < 5; i++)
        {
            await store.CommitAsync(Sample.Note(), Cancel);
        }

        await UntilHeadFileIsNewestAsync(store);
        var wal = await ReadSharedAsync(_folder.Database + "-wal");
        var frames = (wal.Length - WalHeaderBytes) / (FrameHeaderBytes + PageBytes);
        Assert.True(frames > 5);
        for (var frame = 0; frame < frames; frame++)
        {
            var options = _folder.Options(_time) with { Path = _folder.CopyDatabase($"rotten{frame}.db") };
            var rotten = (byte[])wal.Clone();
            rotten[WalHeaderBytes + (frame * (FrameHeaderBytes + PageBytes)) + FrameHeaderBytes + (PageBytes / 2)] ^= 1;
            await File.WriteAllBytesAsync(options.Path + "-wal", rotten, Cancel);

            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(
                () => SqliteStore.OpenAsync(options, Cancel));

            Assert.Contains("was rolled back", refusal.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>FLT-11: a crash within the write of a commit leaves the log as before it, or as after it.</summary>
    [Fact]
    public async Task A_wal_cut_off_at_any_place_holds_whole_commits_only()
    {
        await using var store = await _folder.OpenAsync(_time);
        await store.CommitAsync(Sample.Note(), Cancel);
        await UntilHeadFileIsNewestAsync(store);
        var (head, before) = (_folder.PathOf("before.head"), await ReadSharedAsync(_folder.Database + "-wal"));
        File.Copy(_folder.Head, head);
        await store.CommitAsync(Sample.Insert(new Sample(_time).Pending()), Cancel);
        var after = await ReadSharedAsync(_folder.Database + "-wal");
        var sizes = new List<int>();
        for (var cut = 0; cut < after.Length - before.Length + (PageBytes / 4); cut += PageBytes / 4)
        {
            var length = Math.Min(before.Length + cut, after.Length);
            var options = _folder.Options(_time) with
            {
                Path = _folder.CopyDatabase($"cut{length}.db"),
                HeadFile = _folder.PathOf($"cut{length}.head"),
            };
            File.Copy(head, options.HeadFile);
            await File.WriteAllBytesAsync(options.Path + "-wal", after[..length], Cancel);
            await using var reopened = await SqliteStore.OpenAsync(options, Cancel);
            await LedgerCheck.RunAsync(reopened, _folder.Key.VerifierKey, Cancel);
            sizes.Add((await reopened.ReadLeavesAsync(0, 10, Cancel)).Length);
            Assert.Equal(sizes[^1] - 1, (await reopened.ListAsync(new ActionFilter(), Cancel)).Length);
        }

        Assert.Equal([1, 2], sizes.Distinct());
    }

    [Fact]
    public async Task A_file_that_becomes_read_only_stops_commits_until_it_can_be_written_again()
    {
        var (isReadOnly, session) = (false, default(SqliteSession));
        var options = _folder.Options(_time) with
        {
            OnWriteConnection = opened =>
            {
                session = opened;
                opened.RunScript($"PRAGMA query_only = {(isReadOnly ? "ON" : "OFF")}");
            },
        };
        await using var store = await SqliteStore.OpenAsync(options, Cancel);
        var office = await SqliteOffice.OverAsync(store, _time);
        var held = await office.AskAsync("held");

        isReadOnly = true;
        session!.RunScript("PRAGMA query_only = ON");
        for (var i = 0; i < 3; i++)
        {
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => office.ApproveAsync(held));
            Assert.Contains("the file is read-only", refusal.Message, StringComparison.Ordinal);
            Assert.Contains(_folder.Database, refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal((ActionState.Pending, 0), (await office.StateOfAsync(held), office.Sent));
        isReadOnly = false;
        Assert.IsType<DeskAnswer.Recorded>(await office.ApproveAsync(held));
        await office.DrainAsync();
        Assert.Equal((ActionState.Succeeded, 1), (await office.StateOfAsync(held), office.Sent));
    }

    private static void Rot(Span<byte> page, bool isWholePage)
    {
        if (isWholePage)
        {
            page.Fill(0xA5);
        }
        else
        {
            page[PageBytes - 100] ^= 1;
        }
    }

    private async Task<ActionRecord> WriteReviewAsync()
    {
        await using var store = await _folder.OpenAsync(_time);
        var held = await (await SqliteOffice.OverAsync(store, _time)).AskAsync("held");
        await UntilHeadFileIsNewestAsync(store);
        return held;
    }

    /// <summary>
    /// Opens the store and approves; says why that was refused, or <c>null</c> when the right action ran once.
    /// </summary>
    private async Task<string?> WhyNotApprovedAsync(ActionRecord held)
    {
        SqliteOffice? office = null;
        try
        {
            await using var store = await _folder.OpenAsync(_time);
            office = await SqliteOffice.OverAsync(store, _time);
            Assert.IsType<DeskAnswer.Recorded>(await office.ApproveAsync(held));
            await office.DrainAsync();
        }
        catch (StoreUnavailableException refusal)
        {
            Assert.InRange(office?.Sent ?? 0, 0, 0);
            return refusal.Message;
        }

        Assert.Equal((1, held.Action.Digest), (office.Sent, office.LastSent));
        return null;
    }

    private int RootOf(string table)
    {
        using var session = SqliteSession.Open(_folder.Database, SqliteOpenMode.ReadOnly);
        return (int)(long)session.Scalar("SELECT rootpage FROM sqlite_schema WHERE name = ?1", table)!;
    }

    private async Task UntilHeadFileIsNewestAsync(SqliteStore store)
    {
        var newest = await store.ReadCheckpointAsync(Cancel);
        while (newest != await File.ReadAllTextAsync(_folder.Head, Cancel))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), Cancel);
        }
    }

    private static async Task<byte[]> ReadSharedAsync(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes, Cancel);
        return bytes;
    }
}
