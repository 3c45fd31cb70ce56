using System.Numerics;
using System.Runtime.InteropServices;

namespace Countersign.Core.Ledger;

/// <summary>
/// The right edge of the log: its compact range and the hashes of the incomplete tile of every level, so that an append
/// yields each full tile once and a partial tile costs no read. Immutable: a commit that fails leaves the old edge
/// true.
/// </summary>
public sealed class TileEdge
{
    private readonly Hash32[][] _levels;

    private TileEdge(CompactRange range, Hash32[][] levels) => (Range, _levels) = (range, levels);

    public static TileEdge Empty { get; } = new(CompactRange.Empty, []);

    public CompactRange Range { get; }

    /// <summary>
    /// Appends leaf hashes and hands out the tiles they complete, lower levels before the level they feed.
    /// </summary>
    public TileEdge Append(ReadOnlySpan<Hash32> leaves, out IReadOnlyList<Tile> completed)
    {
        var growth = new Growth(_levels);
        var range = Range.Append(leaves, growth.Add);
        completed = growth.Completed;
        return new TileEdge(range, growth.ToLevels());
    }

    /// <summary>The incomplete tile of a level at this size, or null where the level has none.</summary>
    public Tile? Partial(int level)
    {
        var width = TileId.PartialWidth(level, Range.Size);
        var index = TileId.HashesAt(level, Range.Size) / TileId.FullWidth;
        return width == 0 ? null : Tile.Of(new TileId(level, index, width), _levels[level]);
    }

    /// <summary>
    /// Rebuilds the edge at start-up, or after another node appended, from the range in the head row and the stored
    /// hashes; throws <see cref="InvalidDataException"/> if they contradict each other.
    /// </summary>
    public static async ValueTask<TileEdge> LoadAsync(
        CompactRange range, HashReader reader, CancellationToken cancellationToken)
    {
        var levels = new List<Hash32[]>();
        for (var level = 0; TileId.HashesAt(level, range.Size) > 0; level++)
        {
            var hashes = await reader(PartialSubtrees(level, range.Size), cancellationToken);
            CheckAgainst(range, level, hashes);
            levels.Add([.. hashes]);
        }

        return new TileEdge(range, [.. levels]);
    }

    private static Subtree[] PartialSubtrees(int level, long size)
    {
        var width = TileId.PartialWidth(level, size);
        var first = TileId.HashesAt(level, size) - width;
        return [.. Enumerable.Range(0, width).Select(i => new Subtree(level * TileId.Height, first + i))];
    }

    // The hashes of a partial tile, taken as leaves, have the very peaks that the range keeps for these eight bits of
    // its size. A store that lost or changed one of them is found here, before anything is signed on top of it.
    private static void CheckAgainst(CompactRange range, int level, IReadOnlyList<Hash32> hashes)
    {
        var width = TileId.PartialWidth(level, range.Size);
        var above = BitOperations.PopCount((ulong)TileId.HashesAt(level + 1, range.Size));
        var expected = range.Peaks.Slice(above, BitOperations.PopCount((uint)width));
        if (hashes.Count != width || !CompactRange.Empty.Append([.. hashes]).Peaks.SequenceEqual(expected))
        {
            throw new InvalidDataException(
                $"The stored hashes of tile level {level} contradict the log's head at size {range.Size}. Nothing is "
                + "appended to a damaged log: restore the store from a backup and verify it.");
        }
    }

    /// <summary>The mutable inside of one append; a level is copied when it changes for the first time.</summary>
    private sealed class Growth(Hash32[][] before)
    {
        private readonly List<List<Hash32>?> _changed = [.. before.Select(static _ => (List<Hash32>?)null)];
        private readonly List<Tile> _completed = [];

        public IReadOnlyList<Tile> Completed => _completed;

        public void Add(Subtree subtree, Hash32 hash)
        {
            if (subtree.Level % TileId.Height != 0)
            {
                return;
            }

            var level = subtree.Level / TileId.Height;
            var hashes = Level(level);
            hashes.Add(hash);
            if (hashes.Count == TileId.FullWidth)
            {
                var id = new TileId(level, subtree.Index / TileId.FullWidth, TileId.FullWidth);
                _completed.Add(Tile.Of(id, CollectionsMarshal.AsSpan(hashes)));
                hashes.Clear();
            }
        }

        public Hash32[][] ToLevels() => [.. _changed.Select((hashes, level) => hashes?.ToArray() ?? before[level])];

        private List<Hash32> Level(int level)
        {
            if (level == _changed.Count)
            {
                _changed.Add([]);
            }

            return _changed[level] ??= [.. before[level]];
        }
    }
}
