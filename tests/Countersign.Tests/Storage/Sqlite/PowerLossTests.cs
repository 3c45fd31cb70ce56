using System.Runtime.InteropServices;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>
/// FLT-17: the power fails at every single write of a recorded workload, WAL restarts and checkpoints among it. What
/// was flushed is on the disk; of what was not, all, nothing, the older half, the newer half or a torn part. Whatever
/// is left, no acknowledged entry is missing and no signed checkpoint is contradicted.
/// </summary>
public sealed class PowerLossTests : IDisposable
{
    private const int Commits = 40;

    /// <summary>Pages in the WAL before they are copied: few, so that the workload copies them often.</summary>
    private const int CheckpointPages = 12;

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly RecordedDisk _disk = new();
    private readonly List<(int After, string Checkpoint)> _acknowledged = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private enum Unflushed
    {
        Written,
        Lost,
        OlderHalf,
        NewerHalf,
        Torn,
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Power_loss_at_every_write_loses_nothing_acknowledged_and_contradicts_no_checkpoint()
    {
        var (database, wal) = await RecordAsync();
        var steps = _disk.Steps;
        Assert.Contains(steps, step => step is DiskStep.Write { IsWal: false });
        Assert.True(steps.OfType<DiskStep.Write>().Count(step => step is { IsWal: true, Offset: 0 }) > 2,
            "The WAL never began anew, so that is not tried.");
        var (cuts, sizes) = (0, new HashSet<long>());
        for (var cut = 0; cut <= steps.Count; cut++)
        {
            foreach (var fate in Enum.GetValues<Unflushed>())
            {
                var replayed = new ReplayedDisk(database, wal);
                replayed.Play(steps.Take(cut), (int)fate);
                sizes.Add(await CheckAsync(replayed, cut, fate));
                cuts++;
            }
        }

        Assert.True(cuts > 1000, $"Only {cuts} cuts were tried.");
        Assert.True(sizes.Count > Commits / 2, $"Only {sizes.Count} sizes were met.");
    }

    /// <summary>The files as they were before the workload; what it does to them is in the recording.</summary>
    private async Task<(byte[] Database, byte[] Wal)> RecordAsync()
    {
        await (await _folder.OpenAsync(_time)).DisposeAsync();
        var before = (Database: Array.Empty<byte>(), Wal: Array.Empty<byte>());
        var options = _folder.Options(_time) with
        {
            OnWriteConnection = session =>
            {
                session.RunScript($"PRAGMA wal_autocheckpoint = {CheckpointPages}");
                // The WAL file is opened with the first read, and is empty: a start copies it into the database.
                session.Scalar("SELECT count(*) FROM entry");
                before = (Read(_folder.Database), Read(_folder.Database + "-wal"));
                _disk.Attach(session);
            },
        };
        await using var store = await SqliteStore.OpenAsync(options, Cancel);
        for (var i = 0; i < Commits; i++)
        {
            var change = i % 7 == 3 ? Sample.Insert(new Sample(_time).Pending($"{i}")) : Sample.Note($"note {i}");
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await store.CommitAsync(change, Cancel);
            _acknowledged.Add((_disk.Count, (await store.ReadCheckpointAsync(Cancel))!));
        }

        return before;
    }

    private async Task<long> CheckAsync(ReplayedDisk disk, int cut, Unflushed fate)
    {
        var options = _folder.Options(_time) with
        {
            Path = _folder.PathOf("replayed.db"),
            HeadFile = _folder.PathOf("replayed.head"),
        };
        var promised = _acknowledged.LastOrDefault(each => each.After <= cut).Checkpoint;
        disk.WriteTo(options.Path);
        // What left the process is at most as new as what was acknowledged; the guard compares it with the store.
        await File.WriteAllTextAsync(options.HeadFile, promised ?? HeadGuard.EmptyCheckpoint(_folder.Key), Cancel);
        try
        {
            await using var store = await SqliteStore.OpenAsync(options, Cancel);
            await LedgerCheck.RunAsync(store, _folder.Key.VerifierKey, Cancel);
            return (await LedgerCheck.ReadCheckpointAsync(store, _folder.Key.VerifierKey, Cancel))?.Size ?? 0;
        }
        catch (StoreUnavailableException refusal)
        {
            Assert.Fail($"Cut {cut}, unflushed {fate}: {refusal.Message}");
            throw;
        }
    }

    private static byte[] Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The two files as a power failure leaves them.</summary>
    private sealed class ReplayedDisk(byte[] database, byte[] wal)
    {
        private readonly List<byte> _database = [.. database];
        private readonly List<byte> _wal = [.. wal];

        /// <summary>Applies what is flushed, and of the rest what its fate says.</summary>
        public void Play(IEnumerable<DiskStep> steps, int fate)
        {
            var waiting = new List<DiskStep>();
            foreach (var step in steps)
            {
                if (step is DiskStep.Sync sync)
                {
                    waiting.Where(each => IsOfWal(each) == sync.IsWal).ToList().ForEach(Apply);
                    waiting.RemoveAll(each => IsOfWal(each) == sync.IsWal);
                }
                else
                {
                    waiting.Add(step);
                }
            }

            Survivors(waiting, (Unflushed)fate).ToList().ForEach(Apply);
        }

        public void WriteTo(string path)
        {
            File.WriteAllBytes(path, [.. _database]);
            File.Delete(path + "-shm");
            File.WriteAllBytes(path + "-wal", [.. _wal]);
        }

        private static IEnumerable<DiskStep> Survivors(List<DiskStep> waiting, Unflushed fate) => fate switch
        {
            Unflushed.Written => waiting,
            Unflushed.Lost => [],
            Unflushed.OlderHalf => waiting.Take(waiting.Count / 2),
            Unflushed.NewerHalf => waiting.Skip(waiting.Count / 2),
            Unflushed.Torn => waiting.Select(step => step is DiskStep.Write { Bytes.Length: > 1 } write
                ? write with { Bytes = write.Bytes[..(write.Bytes.Length / 2)] }
                : step),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

        private static bool IsOfWal(DiskStep step) => step switch
        {
            DiskStep.Write write => write.IsWal,
            DiskStep.Truncate truncate => truncate.IsWal,
            _ => throw new System.Diagnostics.UnreachableException(),
        };

        private void Apply(DiskStep step)
        {
            var file = IsOfWal(step) ? _wal : _database;
            switch (step)
            {
                case DiskStep.Write write:
                    Lengthen(file, (int)write.Offset + write.Bytes.Length);
                    write.Bytes.CopyTo(CollectionsMarshal.AsSpan(file)[(int)write.Offset..]);
                    break;
                case DiskStep.Truncate { Length: var length } when length < file.Count:
                    file.RemoveRange((int)length, file.Count - (int)length);
                    break;
                case DiskStep.Truncate truncate:
                    Lengthen(file, (int)truncate.Length);
                    break;
                default:
                    break;
            }
        }

        private static void Lengthen(List<byte> file, int length)
        {
            if (file.Count < length)
            {
                file.AddRange(new byte[length - file.Count]);
            }
        }
    }
}
