#if COUNTERSIGN_FAULTS
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Hosting.Faults;

/// <summary>The store with a kill point before and after each commit; everything else passes through.</summary>
internal sealed class KillingStore(IStore inner) : DelegatingStore(inner)
{
    public override async Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken)
    {
        ReachEach("commit-of", change);
        var result = await base.CommitAsync(change, cancellationToken);
        if (result is CommitResult.Committed)
        {
            ReachEach("committed", change);
        }

        return result;
    }

    private static void ReachEach(string moment, Change change)
    {
        foreach (var entry in change.Entries)
        {
            KillPoints.Reach($"{moment} {entry.Type.ToText()}");
        }
    }
}
#endif
