using Countersign.Core.Storage;

namespace Countersign.Tests.Rosters;

/// <summary>A store that a test tells from the one behind it.</summary>
internal sealed class PassingStore(IStore inner) : DelegatingStore(inner);

/// <summary>Another node was faster with its roster.</summary>
internal sealed class RefusingRosters(IStore inner) : DelegatingStore(inner)
{
    public override Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken) =>
        change.NewRoster is null
            ? base.CommitAsync(change, cancellationToken)
            : Task.FromResult<CommitResult>(new CommitResult.Conflict(ConflictReason.StaleRoster));
}

/// <summary>Takes nothing, as when its clock is wrong.</summary>
internal sealed class RefusingStore(IStore inner) : DelegatingStore(inner)
{
    public override Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken) =>
        throw new StoreUnavailableException("The test's clock is wrong.");
}
