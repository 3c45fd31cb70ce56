using Countersign.Core.Ledger;

namespace Countersign.Core.Storage;

/// <summary>An entry as it can be shown to a stranger.</summary>
/// <param name="Index">Where it is in the log.</param>
/// <param name="Leaf">The leaf's bytes.</param>
/// <param name="Payload">What it says, with its key; <c>null</c> when it was erased, or sealed by a version whose keys
/// prove nothing.</param>
public sealed record LoggedEntry(long Index, ReadOnlyMemory<byte> Leaf, OpenedPayload? Payload);
