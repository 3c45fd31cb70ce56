using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

/// <summary>
/// That one person approved what another stands behind: the latest time it happened between these two.
/// </summary>
/// <param name="By">Who approved.</param>
/// <param name="Of">Who stood behind what was approved: asked for it, owned the agent, changed it.</param>
/// <param name="Action">What was approved.</param>
/// <param name="At">When.</param>
public sealed record Favour(PersonId By, PersonId Of, ActionId Action, DateTimeOffset At);
