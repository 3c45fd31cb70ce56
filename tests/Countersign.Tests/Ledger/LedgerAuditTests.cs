using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Server.Keys;
using Countersign.Tests.Support;

namespace Countersign.Tests.Ledger;

/// <summary>A log in memory, and everything that somebody with access to its tables could do to it.</summary>
public sealed class LedgerAuditTests : IDisposable
{
    private const int Size = 300;

    private static readonly ActionId Action = ActionId.Create(DateTimeOffset.UnixEpoch, new byte[10]);

    private readonly LedgerKey _key =
        new(new KeyName("localhost/countersign"), new Ed25519SigningKey(Ed25519SigningKey.NewSeed()));

    private readonly List<ReadOnlyMemory<byte>?> _ciphertexts =
        [.. Enumerable.Range(0, Size).Select(static i => (ReadOnlyMemory<byte>?)Encoding.UTF8.GetBytes($"sealed {i}"))];

    private readonly List<ReadOnlyMemory<byte>> _leaves;
    private readonly Dictionary<(int Level, long Index), byte[]> _tiles = [];
    private string? _checkpoint;

    public LedgerAuditTests()
    {
        _leaves = [.. Enumerable.Range(0, Size).Select(i => Encode(i, previous: i == 2 ? 1 : null))];
        Sign();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task A_log_as_it_was_written_is_sound_and_names_its_signer()
    {
        var report = await AuditAsync();
        Assert.Empty(report.Faults);
        Assert.True(report.IsSound);
        Assert.Equal([_key.VerifierKey.ToString()], report.Signers);
        Assert.Equal((Size, 0), (report.Checkpoint!.Size, report.Erased));
    }

    [Fact]
    public async Task Only_a_few_payloads_of_an_archive_are_in_memory_at_once()
    {
        var archive = new Archive(_leaves, _ciphertexts);
        var found = new List<AuditedEntry>();
        await foreach (var batch in LogSource.Of(archive).ReadEntries(Size, Cancel))
        {
            found.AddRange(batch);
        }

        Assert.Equal(Size, found.Count);
        Assert.Equal(
            _ciphertexts.Select(bytes => (Hash32?)Hash32.Of(bytes!.Value.Span)),
            found.Select(entry => entry.Ciphertext));
        Assert.InRange(archive.MostPayloads, 1, 8);
    }

    [Fact]
    public async Task A_payload_that_was_erased_with_an_entry_is_counted_and_no_fault()
    {
        _leaves[200] = Encode(200, previous: null, type: EntryType.ErasureExecuted);
        Sign();
        (_ciphertexts[1], _ciphertexts[199]) = (null, null);
        var report = await AuditAsync();
        Assert.Empty(report.Faults);
        Assert.Equal(2, report.Erased);
    }

    [Fact]
    public async Task A_payload_that_is_gone_without_an_entry_is_a_fault()
    {
        _ciphertexts[1] = null;
        Assert.Contains("payload of entry 1 is gone", await FaultAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_erasure_excuses_nothing_that_came_after_it()
    {
        _leaves[200] = Encode(200, previous: null, type: EntryType.ErasureExecuted);
        Sign();
        _ciphertexts[201] = null;
        Assert.Contains("payload of entry 201 is gone", await FaultAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_that_was_seen_before_has_to_be_part_of_the_log()
    {
        var seen = new LogHead(_key.Origin, TileEdge.Empty).Append([.. _leaves.Take(100)]).After.ToCheckpoint();
        Assert.Empty((await AuditAsync(seen)).Faults);

        _leaves[50] = Encode(51, previous: null);
        _ciphertexts[50] = _ciphertexts[51];
        Sign();
        Assert.Contains("two histories", Assert.Single((await AuditAsync(seen)).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_is_shorter_than_what_was_seen_was_cut_off()
    {
        var seen = new LogHead(_key.Origin, TileEdge.Empty).Append(_leaves).After.ToCheckpoint();
        _leaves.RemoveRange(200, 100);
        Sign();
        Assert.Contains("was cut off", Assert.Single((await AuditAsync(seen)).Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(299)]
    public async Task A_payload_that_was_exchanged_is_found_at_its_index(int index)
    {
        _ciphertexts[index] = "another"u8.ToArray();
        Assert.Contains($"payload of entry {index} ", await FaultAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_leaf_changes_the_root_and_its_tile()
    {
        _leaves[3] = Encode(4, previous: null);
        _ciphertexts[3] = _ciphertexts[4];
        var report = await AuditAsync();
        Assert.Equal(2, report.Faults.Length);
        Assert.StartsWith("Tile 0 of level 0", report.Faults[0], StringComparison.Ordinal);
        Assert.Contains("changed after it was signed", report.Faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_entry_is_named()
    {
        _leaves.RemoveAt(Size - 1);
        Assert.Contains("Entry 299 is missing", await FaultAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_no_leaf_are_named_although_they_were_signed()
    {
        _leaves[9] = "{}"u8.ToArray();
        Sign();
        Assert.StartsWith("Entry 9 is not a leaf", await FaultAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chain_that_skips_an_entry_is_found_although_it_was_signed()
    {
        _leaves[2] = Encode(2, previous: 0);
        Sign();
        Assert.Contains("Entry 2 names 0", await FaultAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_that_goes_back_is_found_although_it_was_signed()
    {
        _leaves[5] = Encode(5, previous: null, at: DateTimeOffset.UnixEpoch);
        Sign();
        Assert.Contains("Entry 5 is older", await FaultAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_may_go_back_where_an_entry_of_its_own_says_so()
    {
        var start = DateTimeOffset.UnixEpoch;
        _leaves[Size - 2] = Encode(Size - 2, previous: null, start, EntryType.BreakGlassUsed);
        _leaves[Size - 1] = Encode(Size - 1, previous: null, start);
        Sign();
        Assert.Empty((await AuditAsync()).Faults);
    }

    [Fact]
    public async Task A_tile_that_was_exchanged_or_removed_is_found()
    {
        _tiles[(0, 0)] = new byte[8192];
        Assert.StartsWith("Tile 0 of level 0", await FaultAsync(), StringComparison.Ordinal);
        _tiles.Clear();
        Assert.StartsWith("Tile 0 of level 0", await FaultAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_under_the_trusted_name_by_another_hand_is_a_fault()
    {
        var forged = SignedNote.Parse(Encoding.UTF8.GetBytes(_checkpoint!));
        var line = new NoteSignature(_key.VerifierKey.Name, _key.VerifierKey.Id, new byte[64]);
        _checkpoint = $"{Encoding.UTF8.GetString(forged.Text.Span)}\n{line}\n";
        var report = await AuditAsync();
        Assert.Empty(report.Signers);
        Assert.Contains("is not by the trusted key", Assert.Single(report.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_trusted_key_nobody_vouches_for_a_log_that_holds_together()
    {
        var report = await new LedgerAudit(Source(), []).RunAsync(Cancel);
        Assert.Empty(report.Faults);
        Assert.Empty(report.Signers);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no note")]
    public async Task Without_a_checkpoint_that_can_be_read_nothing_is_sound(string? checkpoint)
    {
        _checkpoint = checkpoint;
        var report = await AuditAsync();
        Assert.False(report.IsSound);
        Assert.Null(report.Checkpoint);
        Assert.Single(report.Faults);
    }

    [Fact]
    public async Task A_log_that_is_wrong_throughout_is_told_in_a_hundred_faults()
    {
        for (var i = 0; i < Size; i++)
        {
            _ciphertexts[i] = "another"u8.ToArray();
        }

        Assert.Equal(LedgerAudit.MaxFaults, (await AuditAsync()).Faults.Length);
    }

    private ReadOnlyMemory<byte> Encode(
        int index, long? previous, DateTimeOffset? at = null, EntryType type = EntryType.ReviewVote)
    {
        ActionRevision? subject = index is 1 or 2 ? new ActionRevision(Action, 1) : null;
        var time = at ?? DateTimeOffset.UnixEpoch + TimeSpan.FromDays(1) + TimeSpan.FromSeconds(index);
        var payload = Hash32.Of(_ciphertexts[index]!.Value.Span);
        return new Leaf(type, time, subject, payload, previous).Encode();
    }

    private void Sign()
    {
        var append = new LogHead(_key.Origin, TileEdge.Empty).Append(_leaves);
        _checkpoint = Encoding.UTF8.GetString(_key.Sign(append.CheckpointText.Span).ToBytes());
        foreach (var tile in append.Tiles)
        {
            _tiles[(tile.Id.Level, tile.Id.Index)] = tile.Bytes.ToArray();
        }
    }

    private async Task<string> FaultAsync() => Assert.Single((await AuditAsync()).Faults);

    private Task<AuditReport> AuditAsync(Checkpoint? seen = null) =>
        new LedgerAudit(Source(), [_key.VerifierKey]) { Seen = seen }.RunAsync(Cancel);

    private LogSource Source() => new()
    {
        ReadCheckpoint = _ => Task.FromResult(_checkpoint),
        ReadEntries = (size, _) => ReadEntriesAsync(size),
        ReadTile = (level, index, _) => Task.FromResult(
            _tiles.TryGetValue((level, index), out var tile) ? tile : default(ReadOnlyMemory<byte>?)),
    };

    private async IAsyncEnumerable<IReadOnlyList<AuditedEntry>> ReadEntriesAsync(long size)
    {
        for (var first = 0; first < Math.Min(size, _leaves.Count); first += 70)
        {
            yield return [.. _leaves.Take((int)size).Skip(first).Take(70).Select((leaf, i) =>
                new AuditedEntry(leaf, _ciphertexts[first + i] is { } bytes ? Hash32.Of(bytes.Span) : null))];
        }

        await Task.CompletedTask;
    }

    /// <summary>The part of an archive that an audit reads, counting what it hands out.</summary>
    private sealed class Archive(List<ReadOnlyMemory<byte>> leaves, List<ReadOnlyMemory<byte>?> ciphertexts)
        : EmptyArchive
    {
        public int MostPayloads { get; private set; }

        public override Task<ImmutableArray<ReadOnlyMemory<byte>>> ReadLeavesAsync(
            long from, int count, CancellationToken cancellationToken) =>
            Task.FromResult<ImmutableArray<ReadOnlyMemory<byte>>>([.. leaves.Skip((int)from).Take(count)]);

        public override Task<ImmutableArray<ReadOnlyMemory<byte>?>> ReadCiphertextsAsync(
            long from, int count, CancellationToken cancellationToken)
        {
            MostPayloads = Math.Max(MostPayloads, count);
            return Task.FromResult<ImmutableArray<ReadOnlyMemory<byte>?>>([.. ciphertexts.Skip((int)from).Take(count)]);
        }
    }
}
