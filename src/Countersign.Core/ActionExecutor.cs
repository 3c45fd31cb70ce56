using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core;

/// <summary>
/// Sends exactly the action's canonical bytes to its target, once, and reports what is known. It never sends again by
/// itself: an answer that got lost is <see cref="OutcomeState.Unknown"/>. An exception means unknown too.
/// </summary>
public delegate Task<Outcome> ActionExecutor(ActionRecord action, CancellationToken cancellationToken);

/// <summary>Finds what executes a detached action; <c>null</c> when its target is gone.</summary>
public delegate ActionExecutor? FindExecutor(ActionRecord action);
