using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Hosting;

/// <summary>Ends what is open in a store whose past cannot be relied on; nothing is served meanwhile.</summary>
internal static class OpenActions
{
    /// <summary>Supersedes what is pending or approved, and returns how many that were.</summary>
    public static async Task<int> SupersedeAsync(SqliteStore store, string why, CancellationToken cancellationToken)
    {
        var superseded = 0;
        foreach (var state in (ActionState[])[ActionState.Pending, ActionState.Approved])
        {
            superseded += await SupersedeAsync(store, state, why, cancellationToken);
        }

        return superseded;
    }

    private static async Task<int> SupersedeAsync(
        SqliteStore store, ActionState state, string why, CancellationToken cancellationToken)
    {
        var registrar = new Registrar(store, RandomNumberGenerator.Fill, channels: []);
        var filter = new ActionFilter { State = state, Limit = ActionFilter.MaxLimit };
        var superseded = 0;
        while (await store.ListAsync(filter, cancellationToken) is { Length: > 0 } open)
        {
            foreach (var action in open)
            {
                var done = await registrar.ApplyAsync(action.Row.Id, Unasked.Overtaken(why), cancellationToken);
                superseded += done is Registered.Done ? 1 : throw new StoreUnavailableException(
                    $"Action {action.Row.Id} could not be superseded ({done}), so nothing more was done. Run "
                    + "'countersign ledger verify', then try again.");
            }
        }

        return superseded;
    }
}
