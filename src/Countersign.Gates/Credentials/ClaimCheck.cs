using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Gates.Credentials;

/// <summary>
/// Whether an action may still be sent. Making a credential takes time, in which people may stop the agent and another
/// node may give up on this one.
/// </summary>
internal sealed class ClaimCheck(Gatekeeper gatekeeper, StoppedAgents stopped, TimeProvider time)
{
    /// <summary>Why nothing may be sent any more; <c>null</c> when it may.</summary>
    /// <param name="action">As it was claimed.</param>
    /// <param name="usableUntil">When the credential ends; <c>null</c> for one without an end.</param>
    /// <param name="cancellationToken">The time that was approved.</param>
    public async Task<string?> WhyTooLateAsync(
        ActionRecord action, DateTimeOffset? usableUntil, CancellationToken cancellationToken)
    {
        try
        {
            // What is recorded together with its outcome is in no store yet, and nobody else's.
            var isOurs = action.Version == 0
                || await gatekeeper.FindAsync(action.Id, cancellationToken) is
                    { State: ActionState.Executing, Life.Execution: { } execution }
                && (execution.Owner, execution.Fence)
                    == (action.Life.Execution!.Owner, action.Life.Execution.Fence);
            return 0 switch
            {
                _ when !isOurs => "the claim of this action is not held any more.",
                _ when stopped.Contains(action.Asker.Agent) => "people stopped the agent.",
                _ when time.GetUtcNow() >= usableUntil =>
                    "the credential that was made for it had expired before it could be used.",
                _ => null,
            };
        }
        catch (StoreUnavailableException failure)
        {
            return failure.Message;
        }
        catch (OperationCanceledException)
        {
            return "the time for this action ended while its credential was made.";
        }
    }
}
