using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

/// <summary>Recomputes a whole ledger from its leaves and compares everything the archive says with it.</summary>
internal static class LedgerCheck
{
    public static async Task RunAsync(IArchive archive, NoteVerifierKey key, CancellationToken cancellationToken)
    {
        var checkpoint = await ReadCheckpointAsync(archive, key, cancellationToken);
        var size = checkpoint?.Size ?? 0;
        var leaves = await archive.ReadLeavesAsync(0, (int)size + 1, cancellationToken);
        Assert.Equal(size, leaves.Length);

        Hash32[] hashes = [.. leaves.Select(leaf => MerkleTree.HashLeaf(leaf.Span))];
        Assert.Equal(checkpoint?.Root ?? MerkleTree.EmptyRoot, MerkleTree.Root(hashes));
        await CheckTilesAsync(archive, hashes, cancellationToken);
        await CheckPayloadsAsync(archive, [.. leaves.Select(leaf => Leaf.Decode(leaf.Span))], cancellationToken);
        CheckChains([.. leaves.Select(leaf => Leaf.Decode(leaf.Span))]);
    }

    /// <summary>The latest checkpoint, verified with the log's key; <c>null</c> while there is none.</summary>
    public static async Task<Checkpoint?> ReadCheckpointAsync(
        IArchive archive, NoteVerifierKey key, CancellationToken cancellationToken)
    {
        if (await archive.ReadCheckpointAsync(cancellationToken) is not { } text)
        {
            return null;
        }

        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(text));
        Assert.IsType<NoteCheck.Trusted>(note.Verify([key]));
        return Checkpoint.Parse(note.Text.Span);
    }

    private static async Task CheckTilesAsync(IArchive archive, Hash32[] leaves, CancellationToken cancellationToken)
    {
        foreach (var id in TileId.Of(leaves.Length))
        {
            var span = 1 << (id.Level * TileId.Height);
            var first = (int)id.Index * TileId.FullWidth * span;
            var expected = Enumerable.Range(0, id.Width)
                .SelectMany(i => MerkleTree.Root(leaves.AsSpan(first + (i * span), span)).ToArray());
            var stored = await archive.ReadTileAsync(id.Level, id.Index, cancellationToken);
            Assert.Equal(expected.ToArray(), stored?.ToArray());
        }
    }

    private static async Task CheckPayloadsAsync(IArchive archive, Leaf[] leaves, CancellationToken cancellationToken)
    {
        var ciphertexts = await archive.ReadCiphertextsAsync(0, leaves.Length + 1, cancellationToken);
        Assert.Equal(leaves.Length, ciphertexts.Length);
        for (var i = 0; i < leaves.Length; i++)
        {
            Assert.Equal(leaves[i].Payload, Hash32.Of(ciphertexts[i]!.Value.Span));
        }
    }

    private static void CheckChains(Leaf[] leaves)
    {
        var latest = new Dictionary<ActionId, long>();
        for (var i = 0; i < leaves.Length; i++)
        {
            if (leaves[i].Subject is not { Action: var action })
            {
                Assert.Null(leaves[i].Previous);
                continue;
            }

            Assert.Equal(latest.TryGetValue(action, out var previous) ? previous : null, leaves[i].Previous);
            latest[action] = i;
        }
    }
}
