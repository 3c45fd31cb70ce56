using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>Puts the policy of the files in force, and into the ledger when it is another one than before.</summary>
internal static class PolicyEntry
{
    public static async Task RecordAsync(
        IStore store, Settings settings, Charter charter, CancellationToken cancellationToken)
    {
        var before = await store.FindPolicyAsync(cancellationToken);
        if (before?.Hash == charter.Policy)
        {
            return;
        }

        var payload = JsonSerializer.SerializeToUtf8Bytes(new
        {
            from = before?.Hash.Value,
            to = charter.Policy.Value,
            how = before is null ? "first" : "immediate",
            files = settings.Policies.Select(file => new { name = file.Name, text = file.Text }),
        });
        await store.CommitAsync(
            new Change
            {
                NewPolicy = charter.Policy,
                Entries = [new EntryDraft(EntryType.PolicyChanged, Action: null, Revision: 0, payload)],
            },
            cancellationToken);
    }
}
