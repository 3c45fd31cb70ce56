using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>An archive of nothing; a test gives it what it is to hold.</summary>
internal abstract class EmptyArchive : IArchive
{
    public Task<ImmutableArray<StoredAction>> ListAsync(ActionFilter filter, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<StoredAction>.Empty);

    public Task<ImmutableDictionary<ActionState, long>> CountStatesAsync(CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableDictionary<ActionState, long>.Empty);

    public Task<string?> ReadCheckpointAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public Task<ImmutableArray<string>> ReadSuccessionsAsync(CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<string>.Empty);

    public virtual Task<ImmutableArray<ReadOnlyMemory<byte>>> ReadLeavesAsync(
        long from, int count, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<ReadOnlyMemory<byte>>.Empty);

    public Task<ReadOnlyMemory<byte>?> ReadTileAsync(int level, long index, CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>?>(null);

    public virtual Task<ImmutableArray<ReadOnlyMemory<byte>?>> ReadCiphertextsAsync(
        long from, int count, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<ReadOnlyMemory<byte>?>.Empty);

    public Task<ReadOnlyMemory<byte>?> ReadPayloadAsync(long index, CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>?>(null);

    public Task<LoggedEntry?> ReadEntryAsync(long index, CancellationToken cancellationToken) =>
        Task.FromResult<LoggedEntry?>(null);

    public Task<long?> FindLatestOfAsync(ActionId action, CancellationToken cancellationToken) =>
        Task.FromResult<long?>(null);

    public Task<ImmutableArray<InclusionProof>> ProveAsync(
        ImmutableArray<long> indexes, long size, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<InclusionProof>.Empty);
}
