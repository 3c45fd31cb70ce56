using Countersign.Core.Actions;

namespace Countersign.Core.Ledger;

/// <summary>The revision of an action that an entry is about; modifying an action raises the number.</summary>
public readonly record struct ActionRevision
{
    private readonly int _number;

    public ActionRevision(ActionId action, int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        (Action, _number) = (action, number);
    }

    public ActionId Action { get; }

    /// <summary>Counts from 1.</summary>
    public int Number => _number > 0
        ? _number
        : throw new InvalidOperationException("A default ActionRevision is of no action.");
}
