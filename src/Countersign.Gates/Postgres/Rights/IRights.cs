using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Under which rights agents' sessions run on one database, and what an approved action gets on top of them while it
/// runs: <see cref="EphemeralRights"/> makes them, <see cref="StaticRights"/> takes what one login has.
/// </summary>
internal interface IRights : IAsyncDisposable
{
    /// <summary>What the database allows agents beyond what a gate can answer for, and how to close it.</summary>
    ImmutableArray<string> Warnings { get; }

    /// <summary>Grants that are over and could not be taken back yet; their sessions must run nothing more.</summary>
    int PendingRevocations { get; }

    /// <summary>A login for one session, which nobody else has.</summary>
    Task<Lease> LeaseAsync(CancellationToken cancellationToken);

    /// <summary>Ends the session that is still connected and makes its login useless.</summary>
    /// <remarks>A database that cannot be reached does not fail this: the next sweep tries again.</remarks>
    Task ReturnAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>
    /// Rights for one action, to the session of one lease: effective at once, inside its open transaction too, until
    /// the answer is disposed of. Relations that only the session itself can see yet are its own, and are left out.
    /// </summary>
    /// <remarks>
    /// While a transaction is open the session needs a <see cref="MembershipBarrier"/> after this and after the end.
    /// </remarks>
    Task<ActionGrant> GrantAsync(
        Lease lease,
        ImmutableArray<RelationUse> rights,
        bool needsOwner,
        ActionId action,
        CancellationToken cancellationToken);

    /// <summary>
    /// The statement that gives what the session made to the target's owner role; <c>null</c> when there is none.
    /// </summary>
    /// <remarks>
    /// The safest place is the session itself, as its last statement before COMMIT while the owner's grant still
    /// stands: nobody ever sees the objects as the agent's, and what rolls back leaves nothing to settle.
    /// </remarks>
    string? SettlementOf(Lease lease);

    /// <summary>
    /// The same over the gate's own connection, where the session cannot: right after the commit of what runs outside
    /// of a transaction.
    /// </summary>
    /// <remarks>
    /// Never while the session has a transaction open: the two would wait for each other's locks, and PostgreSQL sees
    /// only one side of that; it gives up after the admin connection's <c>lock_timeout</c>.
    /// </remarks>
    Task SettleOwnershipAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>What became of a transaction, as the server itself knows it.</summary>
    Task<TransactionFate> FateOfAsync(ulong xid, CancellationToken cancellationToken);

    /// <summary>Ends what is over: expired grants, leases of nodes that are gone, roles of dropped relations.</summary>
    Task<Swept> SweepAsync(CancellationToken cancellationToken);

    /// <summary>Sweeps from time to time until it is cancelled.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
