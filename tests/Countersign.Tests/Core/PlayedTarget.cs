using System.Collections.Concurrent;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>A target that a test plays: it counts what reaches it and answers as it is told.</summary>
internal sealed class PlayedTarget
{
    private readonly ConcurrentQueue<ActionId> _sent = new();
    private readonly ConcurrentQueue<CanonicalAction> _received = new();

    public static Outcome Done { get; } =
        new(OutcomeState.Succeeded, """{"done":true}"""u8.ToArray(), Error: null, TimeSpan.Zero);

    /// <summary>The actions that were sent to it, in order.</summary>
    public IReadOnlyCollection<ActionId> Sent => _sent;

    /// <summary>What was sent to it, in order.</summary>
    public IReadOnlyCollection<CanonicalAction> Received => _received;

    public Func<ActionRecord, CancellationToken, Task<Outcome>> Answer { get; set; } =
        static (_, _) => Task.FromResult(Done);

    /// <summary>From now on it answers only when the test says so.</summary>
    public HeldAnswer Hold()
    {
        var held = new HeldAnswer();
        Answer = (_, _) => held.AnswerAsync();
        return held;
    }

    public Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        _sent.Enqueue(action.Id);
        _received.Enqueue(action.Action);
        return Answer(action, cancellationToken);
    }
}
