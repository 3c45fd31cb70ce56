using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core;

/// <summary>
/// Runs an action where nothing of it stays, for a reviewer who wants to see what comes of it, and within a limit of
/// its own.
/// </summary>
/// <exception cref="NoRehearsalException">Nothing ran: this action cannot be taken back, or not now.</exception>
public delegate Task<RehearsalFinding> ActionRehearser(ActionRecord action, CancellationToken cancellationToken);

/// <summary>Finds what can do that for an action; <c>null</c> when nothing can.</summary>
public delegate ActionRehearser? FindRehearser(ActionRecord action);

/// <summary>There is no dry run of an action, and the text says why.</summary>
public sealed class NoRehearsalException(string text) : Exception(text);
