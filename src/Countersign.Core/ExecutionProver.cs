using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core;

/// <summary>
/// Asks a target what became of an execution whose node is gone, by the evidence that it left. It changes nothing
/// there. An exception means that the target cannot be asked now.
/// </summary>
public delegate Task<Proof> ExecutionProver(
    ActionRecord orphan, Evidence evidence, CancellationToken cancellationToken);

/// <summary>Finds who can ask an action's target; <c>null</c> when nobody can.</summary>
public delegate ExecutionProver? FindProver(ActionRecord action);
