using System.Text.Json;
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
        var superseded = await OpenActions.SupersedeAsync(store, Why, cancellationToken);

        // 2.
        await store.AcceptClockAsync(before => JsonSerializer.SerializeToUtf8Bytes(
            new { what = "accept-clock", from = before.UtcDateTime, to = store.Now.UtcDateTime, superseded }));
        return superseded;
    }
}
