namespace Countersign.Tests.Credentials;

/// <summary>Waits for what other processes do; the system tells nobody but a parent.</summary>
internal static class Processes
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>Waits until a process is gone, or is dead and only waits to be counted.</summary>
    public static Task UntilEndedAsync(int id, CancellationToken cancellationToken) =>
        UntilAsync(() => StateOf(id) is null or 'Z' or 'X', cancellationToken);

    public static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Soon);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    private static char? StateOf(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
