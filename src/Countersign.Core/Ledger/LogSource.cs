using System.Runtime.CompilerServices;
using Countersign.Core.Storage;

namespace Countersign.Core.Ledger;

/// <summary>One entry as an audit meets it.</summary>
/// <param name="Leaf">Its bytes.</param>
/// <param name="Ciphertext">SHA-256 of the payload's ciphertext; <c>null</c> where the payload is gone.</param>
public readonly record struct AuditedEntry(ReadOnlyMemory<byte> Leaf, Hash32? Ciphertext);

/// <summary>One checkpoint of the log's past, as it is kept.</summary>
public readonly record struct KeptCheckpoint(long Size, string Note);

/// <summary>Where an audit reads a log from.</summary>
public sealed record LogSource
{
    /// <summary>How many leaves are in memory at once.</summary>
    private const int Batch = TileId.FullWidth;

    /// <summary>How many payloads: those may be as large as a request.</summary>
    private const int PayloadBatch = 8;

    public required Func<CancellationToken, Task<string?>> ReadCheckpoint { get; init; }

    /// <summary>The entries below a size in order, in batches; fewer where some are missing.</summary>
    public required Func<long, CancellationToken, IAsyncEnumerable<IReadOnlyList<AuditedEntry>>>
        ReadEntries { get; init; }

    /// <summary>A full tile by level and index.</summary>
    public required Func<int, long, CancellationToken, Task<ReadOnlyMemory<byte>?>> ReadTile { get; init; }

    /// <summary>
    /// Every checkpoint that is kept, by size; <c>null</c> for a log that keeps the latest only.
    /// </summary>
    public Func<CancellationToken, IAsyncEnumerable<KeptCheckpoint>>? ReadHistory { get; init; }

    /// <summary>The notes of all key successions, oldest first.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<string>>> ReadSuccessions { get; init; } =
        static _ => Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>A log behind an archive's queries, such as that of a running server.</summary>
    public static LogSource Of(IArchive archive) => new()
    {
        ReadCheckpoint = archive.ReadCheckpointAsync,
        ReadEntries = (size, cancellationToken) => ReadEntriesAsync(archive, size, cancellationToken),
        ReadTile = archive.ReadTileAsync,
        ReadSuccessions = async cancellationToken => await archive.ReadSuccessionsAsync(cancellationToken),
    };

    private static async IAsyncEnumerable<IReadOnlyList<AuditedEntry>> ReadEntriesAsync(
        IArchive archive, long size, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var first = 0L; first < size; first += Batch)
        {
            var leaves = await archive.ReadLeavesAsync(first, (int)Math.Min(Batch, size - first), cancellationToken);
            var entries = new List<AuditedEntry>(leaves.Length);
            foreach (var some in leaves.Chunk(PayloadBatch))
            {
                var sealedOnes = await archive.ReadCiphertextsAsync(
                    first + entries.Count, some.Length, cancellationToken);
                entries.AddRange(some.Select((leaf, i) => new AuditedEntry(
                    leaf, i < sealedOnes.Length && sealedOnes[i] is { } bytes ? Hash32.Of(bytes.Span) : null)));
            }

            yield return entries;
        }
    }
}
