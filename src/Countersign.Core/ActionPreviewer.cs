using Countersign.Core.Actions;

namespace Countersign.Core;

/// <summary>
/// Finds out what an action would do, without doing it and within a limit of its own. What keeps it from knowing is the
/// preview's <see cref="Preview.Error"/>; an exception means the same.
/// </summary>
public delegate Task<Preview> ActionPreviewer(Asking asking, CancellationToken cancellationToken);
