using System.Collections.Concurrent;
using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Rights;
using Npgsql;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The databases behind this gate, each made ready when its first session comes. One that cannot be reached is tried
/// again with the next session; nobody waits for another target's.
/// </summary>
internal sealed class PostgresTargets(PostgresGateOptions options, PostgresParts parts) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<TargetName, Place> _places = new();

    /// <summary>The target, or why it cannot be used now.</summary>
    public async Task<(PostgresTarget? Target, Refusal? WhyNot)> FindAsync(
        TargetName name, CancellationToken cancellationToken)
    {
        var place = _places.GetOrAdd(name, static _ => new Place());
        await place.Turn.WaitAsync(cancellationToken);
        try
        {
            place.Target ??= await StartAsync(name, cancellationToken);
            return (place.Target, null);
        }
        catch (RightsException failure)
        {
            return (null, Unusable(name, failure.Message));
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (null, Unusable(name, $"Its database does not answer: {failure.Message}"));
        }
        finally
        {
            place.Turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var place in _places.Values)
        {
            await (place.Target?.DisposeAsync() ?? ValueTask.CompletedTask);
            place.Turn.Dispose();
        }
    }

    private async Task<PostgresTarget> StartAsync(TargetName name, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Limits.Connect, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        return await PostgresTarget.StartAsync(name, options.Targets[name], options, parts, either.Token);
    }

    private static Refusal Unusable(TargetName name, string why) => new(
        Refusal.ConnectionFailure, $"Target \"{name}\" cannot be used now.")
    {
        Detail = why,
        Hint = "Reviews stay as they are. Try again in a moment; if it stays so, tell the people who run this gateway.",
        IsFatal = true,
    };

    private sealed class Place
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public PostgresTarget? Target { get; set; }
    }
}
