using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>What may happen once.</summary>
internal sealed partial class MemoryStore
{
    private readonly Dictionary<string, (DateTimeOffset Until, bool IsDone)> _once = [];

    public Task<OnceState> BeginOnceAsync(string key, DateTimeOffset until, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_once.TryGetValue(key, out var known) && known.Until > Now)
            {
                return Task.FromResult(known.IsDone ? OnceState.Done : OnceState.UnderWay);
            }

            _once[key] = (until, IsDone: false);
            return Task.FromResult(OnceState.Begun);
        }
    }

    public Task EndOnceAsync(string key, DateTimeOffset? doneUntil, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (doneUntil is { } until)
            {
                _once[key] = (until, IsDone: true);
            }
            else
            {
                _once.Remove(key);
            }
        }

        return Task.CompletedTask;
    }
}
