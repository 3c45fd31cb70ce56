using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Remembers what was delivered for as long as its signature could be used again: the same bytes a second time do
/// nothing. What could not be recorded is forgotten, so that a redelivery tries again.
/// </summary>
/// <remarks>
/// (1) On this node a second delivery waits for the first. (2) The store says whether another node has it: what is
/// under way there is not acknowledged here, because nobody knows yet that it will be recorded. (3) Only what was
/// answered is kept as done.
/// </remarks>
internal sealed class SlackRedeliveries(TimeProvider time, IStore store)
{
    /// <summary>How long a node that begins an answer and is gone keeps the others from giving it.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>A signature may be made up to one window ahead, and is good for one window after that.</summary>
    public static readonly TimeSpan Memory = SlackSignature.Window * 2;

    /// <summary>Far above 50 clicks a second for the whole memory; beyond it nothing new is taken.</summary>
    public const int MaxKept = 100_000;

    // Guards the two below.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<SlackAnswer>> _known = [];
    private readonly Queue<(DateTimeOffset Until, string Key)> _order = new();

    /// <summary>
    /// The answer to a delivery. A second one waits for the first: to acknowledge what is not recorded would lose it.
    /// </summary>
    public async Task<SlackAnswer> AnswerOnceAsync(string key, Func<Task<SlackAnswer>> answer)
    {
        var first = new TaskCompletionSource<SlackAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Begin(key, first.Task) is { } earlier)
        {
            return await earlier is SlackAnswer.Unavailable away ? away : new SlackAnswer.Done();
        }

        SlackAnswer given = new SlackAnswer.Unavailable();
        try
        {
            given = await AnswerOnNodesAsync(KeyOf(key), answer);
        }
        finally
        {
            if (given is SlackAnswer.Unavailable)
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

    private async Task<SlackAnswer> AnswerOnNodesAsync(string key, Func<Task<SlackAnswer>> answer)
    {
        switch (await store.BeginOnceAsync(key, store.Now + Lease, CancellationToken.None))
        {
            case OnceState.Done:
                return new SlackAnswer.Done();
            case OnceState.UnderWay:
                return new SlackAnswer.Unavailable();
        }

        SlackAnswer given = new SlackAnswer.Unavailable();
        try
        {
            return given = await answer();
        }
        finally
        {
            DateTimeOffset? until = given is SlackAnswer.Unavailable ? null : store.Now + Memory;
            await store.EndOnceAsync(key, until, CancellationToken.None);
        }
    }

    private static string KeyOf(string delivery) =>
        $"slack:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(delivery)))}";

    /// <summary>
    /// The answer to the same delivery, or a refusal when there is no room; <c>null</c> for a first one.
    /// </summary>
    private Task<SlackAnswer>? Begin(string key, Task<SlackAnswer> first)
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
                return Task.FromResult<SlackAnswer>(new SlackAnswer.Unavailable());
            }

            _known.Add(key, first);
            _order.Enqueue((time.GetUtcNow() + Memory, key));
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
