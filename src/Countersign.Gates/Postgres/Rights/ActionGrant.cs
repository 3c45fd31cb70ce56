using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>What one action may do on top of its session's baseline; disposing of it ends that.</summary>
internal sealed class ActionGrant(
    LeaseKey lease, int number, ImmutableArray<RoleName> roles, Func<ActionGrant, Task> end) : IAsyncDisposable
{
    private int _isEnding;

    public LeaseKey Lease => lease;

    public int Number => number;

    /// <summary>The roles that the session is a member of for this; none when its baseline suffices.</summary>
    public ImmutableArray<RoleName> Roles => roles;

    /// <summary>Why nothing was given although rights were asked for; <c>null</c> otherwise.</summary>
    public string? Note { get; init; }

    /// <remarks>Does not throw: what could not be taken back taints the lease, and sweeps try again.</remarks>
    public ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _isEnding, 1) == 0 ? new ValueTask(end(this)) : ValueTask.CompletedTask;
}
