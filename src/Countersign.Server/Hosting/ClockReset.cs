using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Hosting;

/// <summary>
/// The way on for a store that once met a clock far ahead: (1) whatever is open is superseded, because its deadlines
/// are of the wrong time and would not pass for as long, (2) the store's clock goes back to the system's, and an entry
/// says so.
/// </summary>
internal static class ClockReset
{
    private const string Why =
        "The server's clock was set back, so the deadlines of this request were wrong. Ask again.";

    /// <summary>Returns how many requests were superseded.</summary>
    public static async Task<int> RunAsync(SqliteStore store, CancellationToken cancellationToken)
    {
        // 1.
        var superseded = 0;
        foreach (var state in (ActionState[])[ActionState.Pending, ActionState.Approved])
        {
            superseded += await SupersedeAsync(store, state, cancellationToken);
        }

        // 2.
        await store.AcceptClockAsync(before => JsonSerializer.SerializeToUtf8Bytes(
            new { what = "accept-clock", from = before.UtcDateTime, to = store.Now.UtcDateTime, superseded }));
        return superseded;
    }

    private static async Task<int> SupersedeAsync(
        SqliteStore store, ActionState state, CancellationToken cancellationToken)
    {
        var registrar = new Registrar(store, RandomNumberGenerator.Fill, channels: []);
        var filter = new ActionFilter { State = state, Limit = ActionFilter.MaxLimit };
        var superseded = 0;
        while (await store.ListAsync(filter, cancellationToken) is { Length: > 0 } open)
        {
            foreach (var action in open)
            {
                var done = await registrar.ApplyAsync(action.Row.Id, Unasked.Overtaken(Why), cancellationToken);
                superseded += done is Registered.Done ? 1 : throw new StoreUnavailableException(
                    $"Action {action.Row.Id} could not be superseded ({done}); the clock stays as it was. Run "
                    + "'countersign ledger verify', then try again.");
            }
        }

        return superseded;
    }
}
