using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core.Records;

/// <summary>What became of an event that was to be recorded.</summary>
internal abstract record Registered
{
    private Registered()
    {
    }

    /// <summary>It is durable and in the ledger; the record is as it stands now.</summary>
    public sealed record Done(ActionRecord Record) : Registered;

    /// <summary>The lifecycle refuses it; the record is what it was refused upon.</summary>
    public sealed record Refused(StepRefusal Why, ActionRecord Record) : Registered;

    /// <summary>A condition of the store did not hold; nothing was written.</summary>
    public sealed record Blocked(ConflictReason Reason) : Registered;

    /// <summary>There is no such action.</summary>
    public sealed record Missing : Registered;
}
