using System.Collections.Immutable;
using Countersign.Core.Ledger;

namespace Countersign.Core.Receipts;

/// <summary>One entry of a receipt: its leaf, the proof that the log holds it, and what it says.</summary>
/// <param name="Index">Where the log has it.</param>
/// <param name="Leaf">The leaf.</param>
/// <param name="Proof">Hashes of the inclusion proof, sibling first; the index and the checkpoint's size complete
/// it.</param>
/// <param name="Payload">What it says; <c>null</c> when it was erased or is not for whom the receipt was made.</param>
public sealed record ReceiptEntry(long Index, Leaf Leaf, ImmutableArray<Hash32> Proof, OpenedPayload? Payload);
