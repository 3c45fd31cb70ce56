using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console;

namespace Countersign.Server.Channels;

/// <summary>What a card says about an action that is not in the action itself.</summary>
/// <param name="IsFirst">Whether its agent asks for this for the first time; <c>null</c> when unknown.</param>
/// <param name="Owed">Whose approval would return an earlier one.</param>
internal sealed record CardContext(bool? IsFirst, ImmutableArray<Favour> Owed)
{
    /// <summary>Finds it for an action as it is now.</summary>
    public static async Task<CardContext> FindAsync(
        ActionRecord record, ReviewDesk desk, ActionLookup lookup, CancellationToken cancellationToken)
    {
        var isFirst = record.State == ActionState.Pending
            ? await lookup.IsFirstAsync(record, cancellationToken)
            : null;
        var favours = await desk.FindFavoursAsync([record], cancellationToken);
        return new CardContext(isFirst, desk.OwedFor(record, favours));
    }
}
