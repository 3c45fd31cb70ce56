using System.Collections.Immutable;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Hosting;

namespace Countersign.Tests.Channels;

/// <summary>A policy that was changed and changed back, which every channel tells.</summary>
internal static class PolicyReverted
{
    public static Task CommitAsync(IStore store, string channel, CancellationToken cancellationToken)
    {
        var payload = new PolicyPayload("sha256:a", "sha256:b", PolicyPayload.Approved, ["bob"], [])
        {
            Reverts = new PolicyReplaced(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero), 7),
        };
        return store.CommitAsync(
            new Change
            {
                Entries = [new EntryDraft(EntryType.PolicyChanged, Action: null, Revision: 0, payload.ToBytes())],
                Outbox = [new OutboxDraft(channel, Action: null, Revision: 0, "policy-reverted")],
            },
            cancellationToken);
    }
}
