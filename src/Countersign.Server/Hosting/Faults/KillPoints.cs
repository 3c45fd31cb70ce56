#if COUNTERSIGN_FAULTS
using System.Diagnostics;

namespace Countersign.Server.Hosting.Faults;

/// <summary>
/// Kills this process at a named point, so that a test sees what a crash at that very place leaves behind. Only the
/// build configuration Faults has it: what people run cannot be told to die.
/// </summary>
/// <remarks>
/// The variable lists points, separated by <c>|</c>. They are reached one after the other, and the last one is fatal;
/// repeating a point counts its occurrences. The points are <c>commit-of TYPE</c> and <c>committed TYPE</c> around a
/// commit with such a ledger entry, <c>ran SQL</c> after a statement of the store's writer, <c>credential NAME</c> when
/// a request to an upstream has got its standing credential, and <c>minting TARGET</c> and <c>minted TARGET</c> around
/// the making of one for one call. A point may be cut short: the beginning of its name is enough.
/// </remarks>
internal static class KillPoints
{
    private const string Variable = "COUNTERSIGN_KILL_AT";

    private static readonly Lock Gate = new();

    // Guarded by Gate.
    private static readonly Queue<string> Awaited = new(
        (Environment.GetEnvironmentVariable(Variable) ?? "").Split('|', StringSplitOptions.RemoveEmptyEntries));

    public static void Reach(string point)
    {
        lock (Gate)
        {
            if (!Awaited.TryPeek(out var next) || !point.StartsWith(next, StringComparison.Ordinal))
            {
                return;
            }

            Awaited.Dequeue();
            if (Awaited.Count == 0)
            {
                System.Console.Error.WriteLine($"Killed at '{next}'.");
                // SIGKILL: no finally block, no flush, no goodbye.
                Process.GetCurrentProcess().Kill();
                throw new UnreachableException();
            }
        }
    }
}
#endif
