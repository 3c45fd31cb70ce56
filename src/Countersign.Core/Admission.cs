using Countersign.Core.Records;

namespace Countersign.Core;

/// <summary>Where a request stands after intake: what the gate has to do next.</summary>
public abstract record Admission
{
    private Admission()
    {
    }

    /// <summary>The action it is about; <c>null</c> where nothing was recorded for this request.</summary>
    internal ActionRecord? About => this switch
    {
        Refused refused => refused.Record,
        Held held => held.Record,
        Granted granted => granted.Record,
        Claimed claimed => claimed.Record,
        Unrecorded unrecorded => unrecorded.Record,
        UnderWay underWay => underWay.Record,
        Ended ended => ended.Record,
        _ => null,
    };

    /// <summary>The policy refuses it; recorded, nothing runs.</summary>
    public sealed record Refused(ActionRecord Record) : Admission;

    /// <summary>People have to decide first.</summary>
    public sealed record Held(ActionRecord Record) : Admission;

    /// <summary>There is a grant to be taken.</summary>
    public sealed record Granted(ActionRecord Record) : Admission;

    /// <summary>The policy allows it, and this call took it in the same commit that recorded it.</summary>
    public sealed record Claimed : Admission
    {
        internal Claimed(ActionRecord record, Callers.Presence presence) => (Record, Presence) = (record, presence);

        public ActionRecord Record { get; }

        /// <summary>The call is present since before anybody could see the claim; whoever executes ends it.</summary>
        internal Callers.Presence Presence { get; }
    }

    /// <summary>
    /// The policy allows it and lets request and outcome be one entry: this call executes it, then it is recorded.
    /// </summary>
    public sealed record Unrecorded(ActionRecord Record) : Admission;

    /// <summary>It is being executed for a caller who left.</summary>
    public sealed record UnderWay(ActionRecord Record) : Admission;

    /// <summary>It ended, and nobody was told yet; or it was denied and the answer still holds.</summary>
    public sealed record Ended(ActionRecord Record) : Admission;

    /// <summary>The agent asks too much of its reviewers; nothing was recorded.</summary>
    public sealed record Paused(string Reason) : Admission;

    /// <summary>People stopped the agent; nothing was recorded.</summary>
    public sealed record Stopped(string Reason) : Admission;

    /// <summary>The idempotency key belongs to another request.</summary>
    public sealed record IdempotencyConflict(ActionRecord Earlier) : Admission;
}
