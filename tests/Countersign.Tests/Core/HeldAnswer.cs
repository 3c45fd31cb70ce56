using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>An answer of the <see cref="PlayedTarget"/> that comes when the test says so.</summary>
internal sealed class HeldAnswer
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Outcome> _given = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the action has reached the target.</summary>
    public Task Asked => _asked.Task;

    public void Give() => _given.SetResult(PlayedTarget.Done);

    public Task<Outcome> AnswerAsync()
    {
        _asked.TrySetResult();
        return _given.Task;
    }
}
