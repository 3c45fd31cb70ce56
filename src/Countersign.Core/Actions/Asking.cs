using Countersign.Core.Identity;
using Countersign.Core.Schemas;
using Countersign.Core.Tracing;

namespace Countersign.Core.Actions;

/// <summary>
/// One request as a gate hands it over: authenticated, bounded, canonical, with the facts derived from it.
/// </summary>
public sealed record Asking(Asker Asker, Target Target, GateKind Via, CanonicalAction Action)
{
    public Facts Facts { get; init; } = Facts.None;

    public Claimed Claimed { get; init; } = Claimed.Nothing;

    public string? IdempotencyKey { get; init; }

    /// <summary>How the gate would find out what this does; <c>null</c> when it cannot.</summary>
    public ActionPreviewer? Previewer { get; init; }

    /// <summary>Where the trace of this request stands; nothing of it counts towards the action.</summary>
    public TraceContext? Trace { get; init; }

    /// <summary>
    /// JSON with what the gate has to know of the caller to execute the action without it. It is recorded with a held
    /// action, and no part of what is approved.
    /// </summary>
    public ReadOnlyMemory<byte>? CallerNote { get; init; }

    /// <summary>
    /// Whether the caller can use no outcome but that of its own execution, because what was executed belongs to a
    /// transaction of its own (DESIGN section 6.5). It waits for open reviews, takes unspent grants and hears of
    /// remembered denials; what another call executes or has executed is never its answer. A gate that asks so sends
    /// no idempotency key, whose promise is the opposite.
    /// </summary>
    public bool TakesOwnOutcomeOnly { get; init; }

    /// <summary>
    /// Whether it is recorded before it is sent whatever rule and target say, because the facts do not prove that it is
    /// a harmless read (DESIGN section 2.5).
    /// </summary>
    public bool NeedsIntent { get; init; }

    /// <summary>What people may write into its body; <c>null</c> where the target does not describe it.</summary>
    public BodySchema? Body { get; init; }

    /// <summary>
    /// Whether the target describes its operations and this is none of them, or not as it describes them: no rule
    /// allows it, and where no other rule is about it the policy's default decides.
    /// </summary>
    public bool IsUndescribed { get; init; }

    /// <summary>
    /// Whether the node itself takes an approval and keeps the outcome for whoever asks; otherwise only a live call of
    /// the asking principal may take it (DESIGN section 2.7).
    /// </summary>
    public bool IsDetached => Via is GateKind.Api or GateKind.Command && !Target.GivesPermits;

    public AttachKey Key => AttachKey.Of(Asker, Action, IdempotencyKey);
}
