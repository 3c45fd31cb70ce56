using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Journal;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Journal;

/// <summary>A journal whose own thread waits for the disk.</summary>
public sealed class ThreadedJournalTests() : ReadJournalTests(patience: TimeSpan.Zero);

/// <summary>A journal that is flushed where sockets are served, once there is a file.</summary>
public sealed class RelayedJournalTests() : ReadJournalTests(patience: TimeSpan.MaxValue);

/// <summary>What a crash, a torn write and a damaged disk leave of the journal of reads.</summary>
public abstract class ReadJournalTests(TimeSpan patience) : IDisposable
{
    private const long Small = 8 * 1024;

    private static readonly ActionId s_first = ActionId.Parse("act_01arz3ndektsv4rrffq69g5fa1");
    private static readonly ActionId s_second = ActionId.Parse("act_01arz3ndektsv4rrffq69g5fa2");

    private readonly TemporaryFolder _folder = new();
    private readonly PayloadVault _vault = SqliteFolder.NewVault();

    [Fact]
    public async Task What_was_flushed_is_there_after_a_crash()
    {
        var crashed = Open();
        crashed.Append(s_first, "one"u8);
        crashed.Append(s_second, "two"u8);
        await crashed.FlushAsync();
        crashed.Append(s_first, "three"u8);
        await crashed.FlushAsync();

        await using var next = Open();

        Assert.Equal(["1 one", "2 two", "1 three"], Texts(next.Remains));
        Assert.Null(next.Remains!.WhyNotWhole);
    }

    [Fact]
    public async Task Many_at_once_are_all_there()
    {
        var crashed = Open(Small);
        await Parallel.ForAsync(0, 400, async (i, _) =>
        {
            crashed.Append(s_first, Encoding.UTF8.GetBytes($"{i}"));
            await crashed.FlushAsync();
        });

        await using var next = Open();

        Assert.Equal(
            Enumerable.Range(0, 400).Select(i => $"1 {i}").Order(StringComparer.Ordinal),
            Texts(next.Remains).Order(StringComparer.Ordinal));
        Assert.Null(next.Remains!.WhyNotWhole);
    }

    [Fact]
    public async Task What_is_waited_for_when_it_closes_is_written_first()
    {
        for (var round = 0; round < 50; round++)
        {
            var journal = Open();
            Task[] flushes = [.. Enumerable.Range(0, round % 7).Select(i =>
            {
                journal.Append(s_first, Encoding.UTF8.GetBytes($"{i}"));
                return journal.FlushAsync();
            })];
            await journal.DisposeAsync();

            // They are told one by one, perhaps later than it is closed.
            await Task.WhenAll(flushes).WaitAsync(TestContext.Current.CancellationToken);
            await using var next = Open();
            Assert.Equal(flushes.Length, next.Remains?.Records.Length ?? 0);
            next.ForgetRemains();
        }
    }

    [Fact]
    public async Task Whoever_flushes_while_it_closes_is_written_or_told()
    {
        for (var round = 0; round < 20; round++)
        {
            var journal = Open();
            var (written, asked) = (0, 0);
            var asking = Parallel.ForAsync(0, 64, async (i, _) =>
            {
                journal.Append(s_first, Encoding.UTF8.GetBytes($"{i}"));
                try
                {
                    await journal.FlushAsync();
                    Interlocked.Increment(ref written);
                }
                catch (StoreUnavailableException)
                {
                    // It closed before.
                }

                Interlocked.Increment(ref asked);
            });
            await journal.DisposeAsync();
            await asking.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

            Assert.Equal(64, asked);
            await using var next = Open();
            Assert.True((next.Remains?.Records.Length ?? 0) >= written);
            next.ForgetRemains();
        }
    }

    [Fact]
    public async Task A_planned_stop_leaves_no_file_once_all_is_settled()
    {
        await using (var journal = Open(Small))
        {
            await FillAsync(journal, s_first);
            journal.Settle(s_first);
        }

        Assert.Empty(Files);
        await using var next = Open();
        Assert.Null(next.Remains);
    }

    [Fact]
    public async Task A_planned_stop_keeps_what_is_not_settled()
    {
        await using (var journal = Open())
        {
            journal.Append(s_first, "one"u8);
            await journal.FlushAsync();
        }

        await using var next = Open();
        Assert.Equal(["1 one"], Texts(next.Remains));
    }

    [Fact]
    public async Task A_file_goes_when_no_entry_needs_it_any_more()
    {
        await using var journal = Open(Small);
        await FillAsync(journal, s_first);
        var before = Files.Length;
        journal.Settle(s_first);
        await FillAsync(journal, s_second);

        Assert.True(before > 2, $"{before} files were needed.");
        Assert.DoesNotContain(Files, file => file.EndsWith("-reads-000000000001", StringComparison.Ordinal));
        journal.Settle(s_second);
    }

    [Fact]
    public async Task What_was_left_stays_until_it_is_forgotten_and_nothing_new_is_mixed_with_it()
    {
        var crashed = Open();
        crashed.Append(s_first, "one"u8);
        await crashed.FlushAsync();

        var again = Open();
        again.Append(s_second, "two"u8);
        await again.FlushAsync();
        Assert.Equal(["1 one"], Texts(again.Remains));
        again.ForgetRemains();
        Assert.Null(again.Remains);

        await using var next = Open();
        Assert.Equal(["2 two"], Texts(next.Remains));
    }

    [Fact]
    public async Task A_write_that_was_never_finished_is_no_damage()
    {
        var file = await CrashWithAsync("one", "two");
        var bytes = Read(file);
        var end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0);
        for (var torn = 1; torn < 20; torn++)
        {
            bytes[end - torn] = 0;
            Write(file, bytes);

            await using var next = Open();

            Assert.Equal(["1 one"], Texts(next.Remains));
            Assert.Null(next.Remains!.WhyNotWhole);
        }
    }

    [Fact]
    public async Task Every_damaged_byte_before_the_last_write_is_told_of()
    {
        var file = await CrashWithAsync("one", "two", "three");
        var whole = Read(file);
        var frame = JournalSegment.FrameOverhead + 4 + s_first.Value.Length + 4 + "one".Length;
        for (var at = JournalSegment.HeadBytes; at < JournalSegment.HeadBytes + (2 * frame); at++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[at] ^= 0x40;
            Write(file, bytes);

            await using var next = Open();

            Assert.NotNull(next.Remains!.WhyNotWhole);
            Assert.DoesNotContain("1 three", Texts(next.Remains));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(25)]
    [InlineData(60)]
    public async Task A_damaged_head_is_told_of(int at)
    {
        var file = await CrashWithAsync("one");
        var bytes = Read(file);
        bytes[at] ^= 1;
        Write(file, bytes);

        await using var next = Open();

        Assert.Contains("cannot be read", next.Remains!.WhyNotWhole, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_between_two_is_told_of()
    {
        var crashed = Open(Small);
        await FillAsync(crashed, s_first);
        File.Delete(Files[1]);

        await using var next = Open();

        Assert.Equal("File 2 of the journal is missing.", next.Remains!.WhyNotWhole);
        Assert.NotEmpty(next.Remains.Records);
    }

    [Fact]
    public async Task A_file_that_was_being_made_is_nothing()
    {
        File.WriteAllBytes(Store + "-reads-000000000001", new byte[10_000]);

        await using var next = Open();

        Assert.Equal(new JournalRemains([], null).WhyNotWhole, next.Remains!.WhyNotWhole);
        next.ForgetRemains();
        Assert.Empty(Files);
    }

    [Fact]
    public async Task Nothing_of_it_can_be_read_without_the_payload_key()
    {
        var file = await CrashWithAsync("a secret parameter");

        Assert.True(Read(file).AsSpan().IndexOf("secret"u8) < 0);
        using var other = SqliteFolder.NewVault();
        await using var next = new ReadJournal(Store, other, RandomNumberGenerator.Fill);
        Assert.Empty(next.Remains!.Records);
        Assert.NotNull(next.Remains.WhyNotWhole);
    }

    [Fact]
    public async Task Only_its_owner_may_read_a_file()
    {
        var file = await CrashWithAsync("one");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task A_journal_that_cannot_be_written_says_so_from_then_on()
    {
        Directory.CreateDirectory(Store + "-reads-000000000001");
        var journal = Open();
        journal.Append(s_first, "one"u8);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(journal.FlushAsync);
        Directory.Delete(Store + "-reads-000000000001");
        await Assert.ThrowsAsync<StoreUnavailableException>(journal.FlushAsync);

        Assert.Contains("one by one", failure.Message, StringComparison.Ordinal);
        await journal.DisposeAsync();
    }

    [Fact]
    public async Task A_record_may_be_larger_than_a_file()
    {
        var crashed = Open(Small);
        crashed.Append(s_first, new byte[100_000]);
        await crashed.FlushAsync();
        crashed.Append(s_first, "two"u8);
        await crashed.FlushAsync();

        await using var next = Open();

        Assert.Equal([100_000, 3], next.Remains!.Records.Select(record => record.Bytes.Length));
        Assert.Null(next.Remains.WhyNotWhole);
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _vault.Dispose();
        _folder.Dispose();
    }

    private string Store => _folder.PathOf("store.db");

    private ImmutableArray<string> Files =>
        [.. Directory.GetFiles(Path.GetDirectoryName(Store)!, "*-reads-*").Order(StringComparer.Ordinal)];

    private ReadJournal Open(long segmentBytes = 64 * 1024) =>
        new(Store, _vault, RandomNumberGenerator.Fill, segmentBytes, patience);

    /// <summary>More than three small files hold.</summary>
    private static async Task FillAsync(ReadJournal journal, ActionId subject)
    {
        for (var i = 0; i < 20; i++)
        {
            journal.Append(subject, new byte[1024]);
            await journal.FlushAsync();
        }
    }

    private async Task<string> CrashWithAsync(params string[] records)
    {
        var crashed = Open();
        foreach (var record in records)
        {
            crashed.Append(s_first, Encoding.UTF8.GetBytes(record));
            await crashed.FlushAsync();
        }

        return Assert.Single(Files);
    }

    /// <summary>The one that crashed has it open still.</summary>
    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static void Write(string path, byte[] bytes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(bytes);
    }

    private static IEnumerable<string> Texts(JournalRemains? remains) => remains!.Records.Select(
        record => $"{record.Subject.Value[^1]} {Encoding.UTF8.GetString(record.Bytes.Span)}");
}
