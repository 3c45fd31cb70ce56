using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    [Fact]
    public async Task An_empty_log_has_no_checkpoint_no_tile_and_no_leaf()
    {
        Assert.Null(await Archive.ReadCheckpointAsync(Cancel));
        Assert.Null(await Archive.ReadTileAsync(0, 0, Cancel));
        Assert.Empty(await Archive.ReadLeavesAsync(0, 10, Cancel));
        Assert.Null(await Archive.ReadPayloadAsync(0, Cancel));
        Assert.Null(await Archive.ReadEntryAsync(0, Cancel));
        Assert.Null(await Archive.FindLatestOfAsync(Sample.Pending().Id, Cancel));
    }

    [Fact]
    public async Task An_entry_is_shown_with_the_key_that_proves_what_it_says()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row, "request"));

        var entry = (await Archive.ReadEntryAsync(0, Cancel))!;

        var leaf = Leaf.Decode(entry.Leaf.Span);
        Assert.Equal("request", Sample.Text(entry.Payload!.Json));
        Assert.Equal(
            leaf.Payload, Hash32.Of(PayloadSeal.Close(entry.Payload, PayloadSeal.ContextOf(leaf.Type, row.Id))));
    }

    [Fact]
    public async Task The_latest_entry_of_an_action_is_its_own()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Note());
        await CommitAsync(Sample.Insert(row));
        await CommitAsync(Sample.Insert(Sample.Pending("other")));
        await CommitAsync(Sample.Note());

        Assert.Equal(1, await Archive.FindLatestOfAsync(row.Id, Cancel));
    }

    [Fact]
    public async Task Entries_are_proved_for_every_size_that_the_log_had()
    {
        for (var i = 0; i < 20; i++)
        {
            await CommitAsync(Sample.Note());
        }

        Hash32[] leaves = [.. (await Archive.ReadLeavesAsync(0, 20, Cancel)).Select(leaf =>
            MerkleTree.HashLeaf(leaf.Span))];
        for (var size = 1; size <= 20; size++)
        {
            var proofs = await Archive.ProveAsync([.. Enumerable.Range(0, size).Select(i => (long)i)], size, Cancel);
            Assert.Equal(size, proofs.Length);
            Assert.All(proofs, proof =>
                Assert.True(proof.Verify(leaves[proof.Index], MerkleTree.Root(leaves.AsSpan(0, size)))));
        }
    }

    [Fact]
    public async Task A_change_without_entries_leaves_the_log_alone()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row));
        var before = await Archive.ReadCheckpointAsync(Cancel);

        var committed = await CommitAsync(new Change { Outbox = [new OutboxDraft("slack", row.Id, 1, "card")] });

        Assert.Empty(committed.Indexes);
        Assert.Equal(1, committed.TreeSize);
        Assert.Equal(before, await Archive.ReadCheckpointAsync(Cancel));
    }

    [Fact]
    public async Task Entries_get_consecutive_indexes_in_their_order()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Note());
        var change = Sample.Insert(row, "request") with
        {
            Entries =
            [
                Sample.Entry(EntryType.ActionRequested, row, "request"),
                Sample.Entry(EntryType.ReviewOpened, row, "card"),
            ],
        };

        var committed = await CommitAsync(change);

        Assert.Equal([1, 2], committed.Indexes);
        Assert.Equal(3, committed.TreeSize);
        Assert.Equal("request", Sample.Text(await Archive.ReadPayloadAsync(1, Cancel)));
        Assert.Equal("card", Sample.Text(await Archive.ReadPayloadAsync(2, Cancel)));
    }

    [Fact]
    public async Task A_leaf_says_type_time_action_revision_and_the_entry_before()
    {
        var row = Sample.Pending() with { Revision = 3 };
        var inserted = await CommitAsync(Sample.Insert(row));
        await CommitAsync(Sample.Note());
        Time.Advance(TimeSpan.FromSeconds(5));
        var moved = await CommitAsync(Sample.Move(Sample.Approved(row), from: 1, EntryType.ReviewDecided));

        var leaf = await ReadLeafAsync(moved.Indexes[0]);
        Assert.Equal(EntryType.ReviewDecided, leaf.Type);
        Assert.Equal(moved.At, leaf.At);
        Assert.Equal(new ActionRevision(row.Id, 3), leaf.Subject);
        Assert.Equal(inserted.Indexes[0], leaf.Previous);
        Assert.Null((await ReadLeafAsync(inserted.Indexes[0])).Previous);
        Assert.Null((await ReadLeafAsync(1)).Subject);
    }

    [Fact]
    public async Task Several_entries_of_one_change_chain()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row));
        var vote = Sample.Move(Sample.Approved(row), from: 1, EntryType.ReviewVote);
        var committed = await CommitAsync(vote with
        {
            Entries = [.. vote.Entries, Sample.Entry(EntryType.ReviewDecided, row, "{}")],
        });

        Assert.Equal(0, (await ReadLeafAsync(committed.Indexes[0])).Previous);
        Assert.Equal(committed.Indexes[0], (await ReadLeafAsync(committed.Indexes[1])).Previous);
    }

    [Fact]
    public async Task Entries_chain_even_without_a_row_of_their_action()
    {
        var row = Sample.Pending();
        var alone = new Change { Entries = [Sample.Entry(EntryType.ActionExecuted, row, "{}")] };
        await CommitAsync(alone);
        await CommitAsync(alone);
        Assert.Equal(0, (await ReadLeafAsync(1)).Previous);
    }

    [Fact]
    public async Task An_entry_is_provable_when_its_commit_returns()
    {
        for (var i = 0; i < 20; i++)
        {
            var committed = await CommitAsync(Sample.Note());
            await AssertProvableAsync(committed);
        }
    }

    [Fact]
    public async Task Entries_of_many_callers_are_provable_when_their_commits_return()
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            for (var i = 0; i < 10; i++)
            {
                await AssertProvableAsync(await CommitAsync(Sample.Note()));
            }
        }));
        Assert.Equal(640, (await ReadCheckpointAsync())!.Size);
    }

    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(600)]
    public async Task Tiles_are_right_at_every_edge_and_after_a_restart(int size)
    {
        await CommitNotesAsync(size);
        await CheckLedgerAsync();
        await ReopenAsync();
        await CheckLedgerAsync();
        await CommitNotesAsync(1);
        Assert.Equal(size + 1, (await ReadCheckpointAsync())!.Size);
    }

    [Fact]
    public async Task A_log_of_more_than_two_tile_levels_is_right_after_a_restart()
    {
        await CommitNotesAsync(66_000, perChange: 250);
        await ReopenAsync();
        await CommitNotesAsync(1);
        Assert.NotNull(await Archive.ReadTileAsync(2, 0, Cancel));
    }

    [Fact]
    public async Task A_checkpoint_never_changes_without_growing()
    {
        await CommitAsync(Sample.Note());
        var before = await Archive.ReadCheckpointAsync(Cancel);
        await ReopenAsync();
        Assert.Equal(before, await Archive.ReadCheckpointAsync(Cancel));
    }

    [Fact]
    public async Task Asking_for_more_than_there_is_returns_what_there_is()
    {
        await CommitNotesAsync(3);
        Assert.Equal(2, (await Archive.ReadLeavesAsync(1, 100, Cancel)).Length);
        Assert.Equal(2, (await Archive.ReadCiphertextsAsync(1, 100, Cancel)).Length);
        Assert.Empty(await Archive.ReadLeavesAsync(3, 1, Cancel));
        Assert.Null(await Archive.ReadTileAsync(1, 0, Cancel));
        Assert.Null(await Archive.ReadTileAsync(0, 1, Cancel));
        Assert.Null(await Archive.ReadTileAsync(63, 0, Cancel));
    }

    [Fact]
    public async Task The_clock_of_commits_never_goes_back()
    {
        var first = await CommitAsync(Sample.Note());
        Time.Advance(TimeSpan.FromSeconds(-30));
        Assert.Equal(first.At, (await CommitAsync(Sample.Note())).At);
        Assert.Equal(first.At, Store.Now);
    }

    [Fact]
    public async Task The_clock_does_not_go_back_over_a_restart()
    {
        var first = await CommitAsync(Sample.Note());
        Time.Advance(TimeSpan.FromDays(-365));
        await ReopenAsync();
        Assert.Equal(first.At, Store.Now);
        Time.Advance(TimeSpan.FromDays(365) - TimeSpan.FromSeconds(30));
        Assert.Equal(first.At, (await CommitAsync(Sample.Note())).At);
    }

    [Fact]
    public async Task The_clock_goes_on_with_the_systems()
    {
        Time.Advance(TimeSpan.FromMinutes(7));
        Assert.Equal(Time.GetUtcNow(), Store.Now);
        Assert.Equal(Time.GetUtcNow(), (await CommitAsync(Sample.Note())).At);
    }

    private async Task CommitNotesAsync(int count, int perChange = 1)
    {
        var note = Sample.Note().Entries[0];
        var changes = Enumerable.Repeat(note, count)
            .Chunk(perChange)
            .Select(entries => new Change { Entries = [.. entries] });
        foreach (var some in changes.Chunk(100))
        {
            await Task.WhenAll(some.Select(CommitAsync));
        }
    }

    private async Task<Leaf> ReadLeafAsync(long index) =>
        Leaf.Decode((await Archive.ReadLeavesAsync(index, 1, Cancel))[0].Span);

    private async Task AssertProvableAsync(CommitResult.Committed committed)
    {
        var checkpoint = (await ReadCheckpointAsync())!;
        Assert.True(checkpoint.Size >= committed.TreeSize);
        var reader = new TileHashReader(checkpoint.Size, async (id, cancellationToken) =>
            new Tile(
                id, (await Archive.ReadTileAsync(id.Level, id.Index, cancellationToken))!.Value[..(id.Width * 32)]));
        foreach (var index in committed.Indexes)
        {
            var leaf = (await Archive.ReadLeavesAsync(index, 1, Cancel))[0];
            var proof = await InclusionProof.CreateAsync(index, checkpoint.Size, reader.ReadAsync, Cancel);
            Assert.True(proof.Verify(MerkleTree.HashLeaf(leaf.Span), checkpoint.Root));
        }
    }
}
