using Countersign.Core.Actions;
using Countersign.Core.Records;

namespace Countersign.Core;

/// <summary>How a live call takes what the policy allows, in the commit that records it.</summary>
/// <param name="DescribeClaim">The claim of this node on a record that is about to be written.</param>
/// <param name="NoteLost">Told when nobody knows whether that commit happened; the sweep finds out.</param>
internal sealed record Taker(Func<ActionRecord, Happening> DescribeClaim, Action<ActionId> NoteLost);
