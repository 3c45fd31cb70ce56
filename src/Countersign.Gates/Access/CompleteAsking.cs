using Countersign.Core.Actions;

namespace Countersign.Gates.Access;

/// <summary>
/// Lets the gate of its target add to a request what only that gate can find out: facts, the canonical arguments, how
/// to preview it. Without the request, why it is not taken.
/// </summary>
internal delegate Task<(Asking? Asking, Problem? Problem)> CompleteAsking(
    Asking asked, CancellationToken cancellationToken);
