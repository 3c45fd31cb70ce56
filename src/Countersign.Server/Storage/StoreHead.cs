using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>
/// What the writer knows between two commits: the log's head, its signed checkpoint, the policy in force.
/// </summary>
internal sealed record StoreHead(LogHead Log, string? Checkpoint, PolicyInForce? Policy);
