using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels;

/// <summary>
/// Remembers what was delivered for as long as its signature could be used again: the same bytes a second time do
/// nothing. What could not be recorded is forgotten, so that a redelivery tries again.
/// </summary>
/// <remarks>
/// (1) On this node a second delivery waits for the first. (2) The store says whether another node has it: what is
/// under way there is not acknowledged here, because nobody knows yet that it will be recorded. (3) Only what was
/// answered is kept as done.
/// </remarks>
internal sealed class Redeliveries<TAnswer>(
    RedeliveryOptions<TAnswer> options, TimeProvider time, IStore store)
    where TAnswer : class
{
    /// <summary>How long a node that begins an answer and is gone keeps the others from giving it.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>Far above 50 clicks a second for the whole memory; beyond it nothing new is taken.</summary>
    private const int MaxKept = 100_000;

    // Guards the two below.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<TAnswer>> _known = [];
    private readonly Queue<(DateTimeOffset Until, string Key)> _order = new();

    /// <summary>
    /// The answer to a delivery. A second one waits for the first: to acknowledge what is not recorded would lose it.
    /// </summary>
    public async Task<TAnswer> AnswerOnceAsync(string key, Func<Task<TAnswer>> answer)
    {
        var first = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Begin(key, first.Task) is { } earlier)
        {
            var said = await earlier;
            return said.Equals(options.Unavailable) ? said : options.Again(said);
        }

        var given = options.Unavailable;
        try
        {
            given = await AnswerOnNodesAsync(KeyOf(key), answer);
        }
        finally
        {
            if (given.Equals(options.Unavailable))
            {
                lock (_lock)
                {
                    _known.Remove(key);
                }
            }

            first.SetResult(given);
        }

        return given;
    }

    private async Task<TAnswer> AnswerOnNodesAsync(string key, Func<Task<TAnswer>> answer)
    {
        switch (await store.BeginOnceAsync(key, store.Now + Lease, CancellationToken.None))
        {
            case OnceState.Done:
                return options.Again(null);
            case OnceState.UnderWay:
                return options.Unavailable;
        }

        var given = options.Unavailable;
        try
        {
            return given = await answer();
        }
        finally
        {
            DateTimeOffset? until = given.Equals(options.Unavailable) ? null : store.Now + options.Memory;
            await store.EndOnceAsync(key, until, CancellationToken.None);
        }
    }

    private string KeyOf(string delivery) =>
        $"{options.Channel}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(delivery)))}";

    /// <summary>
    /// The answer to the same delivery, or a refusal when there is no room; <c>null</c> for a first one.
    /// </summary>
    private Task<TAnswer>? Begin(string key, Task<TAnswer> first)
    {
        lock (_lock)
        {
            Forget_NeedsLock();
            if (_known.TryGetValue(key, out var earlier))
            {
                return earlier;
            }

            if (_order.Count >= MaxKept)
            {
                return Task.FromResult(options.Unavailable);
            }

            _known.Add(key, first);
            _order.Enqueue((time.GetUtcNow() + options.Memory, key));
            return null;
        }
    }

    private void Forget_NeedsLock()
    {
        var now = time.GetUtcNow();
        while (_order.TryPeek(out var oldest) && oldest.Until <= now)
        {
            _order.Dequeue();
            _known.Remove(oldest.Key);
        }
    }
}

/// <param name="Channel">Whose deliveries these are.</param>
/// <param name="Again">
/// The answer to what was answered before, by that answer; it is <c>null</c> when another node gave it.
/// </param>
/// <param name="Unavailable">The one answer that says that nothing was recorded.</param>
/// <param name="Memory">How long the same bytes could be presented again.</param>
internal sealed record RedeliveryOptions<TAnswer>(
    string Channel, Func<TAnswer?, TAnswer> Again, TAnswer Unavailable, TimeSpan Memory)
    where TAnswer : class;
