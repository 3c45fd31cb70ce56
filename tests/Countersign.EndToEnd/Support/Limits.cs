namespace Countersign.EndToEnd.Support;

/// <summary>How long a test waits for what must happen; only a failing test ever waits that long.</summary>
internal static class Limits
{
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>Longer than any client of these tests is kept waiting by one call.</summary>
    public static readonly TimeSpan HeldCall = TimeSpan.FromSeconds(120);
}
