using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Where askers take permits and say what became of them (DESIGN section 2, step 7). Nothing is executed here, so the
/// outcome is what the asker says, and is marked so.
/// </summary>
public sealed class PermitDesk
{
    /// <summary>Longest result that is kept of what an asker reports, in bytes.</summary>
    public const int MaxResult = 1024 * 1024;

    /// <summary>Longest error text that is kept, in characters.</summary>
    public const int MaxError = 4000;

    private const string KindOfKey = "claim-key";

    /// <summary>How often a claim may meet another policy than this node knows; then it is told to wait.</summary>
    private const int MaxRounds = 8;

    private readonly Registrar _registrar;
    private readonly Claims _claims;
    private readonly IStore _store;
    private readonly Func<Charter> _charter;

    internal PermitDesk(Registrar registrar, Claims claims, IStore store, Func<Charter> charter)
    {
        _registrar = registrar;
        _claims = claims;
        _store = store;
        _charter = charter;
    }

    /// <summary>
    /// Takes the permit for whoever asked: once, by a conditional write with the ledger's intent entry in it. What
    /// today's policy or people would not give any more is superseded, as at every claim.
    /// </summary>
    /// <param name="permit">The action, which the caller has asked for.</param>
    /// <param name="shown">The digest that the taker means to act on.</param>
    /// <param name="key">By which the taker knows its own claim again when the answer was lost.</param>
    /// <param name="cancellationToken">Stops before the write; what was written stays.</param>
    public async Task<PermitAnswer> ClaimAsync(
        ActionRecord permit, ActionDigest shown, string? key, CancellationToken cancellationToken)
    {
        if (!permit.GivesPermit)
        {
            return new PermitAnswer.Refused(PermitRefusal.NoPermit, permit);
        }

        await _claims.RereadVotersAsync(permit, cancellationToken);
        var evidence = key is null ? null : new Evidence(KindOfKey, key);
        for (var round = 0; round < MaxRounds; round++)
        {
            var claim = await _registrar.ApplyAsync(
                permit.Id, record => _claims.DescribePermit(record, shown, evidence), cancellationToken);
            if (claim is Registered.Refused { Why: StepRefusal.OutOfOrder, Record: { } known }
                && known.State == ActionState.Executing && evidence is not null && known.Evidence == evidence)
            {
                return new PermitAnswer.Done(known);
            }

            if (claim is not Registered.Blocked { Reason: ConflictReason.StalePolicy })
            {
                return await AnswerAsync(permit, claim, cancellationToken);
            }
        }

        throw new StoreUnavailableException(
            "Another policy has just come into force that this node does not know yet; nothing was claimed. Try " +
            "again.");
    }

    /// <summary>Notes what the asker says of the permit that it claimed: once, and in time.</summary>
    public async Task<PermitAnswer> ReportAsync(
        ActionRecord permit, PermitReport report, CancellationToken cancellationToken)
    {
        if (!permit.GivesPermit)
        {
            return new PermitAnswer.Refused(PermitRefusal.NoPermit, permit);
        }

        var masked = MaskedOf(permit, report);
        var reported = await _registrar.ApplyAsync(
            permit.Id, record => Describe(record, report, masked), cancellationToken);
        return reported switch
        {
            Registered.Done done => new PermitAnswer.Done(done.Record),
            Registered.Refused refused => new PermitAnswer.Refused(WhyNotReported(refused), refused.Record),
            _ => throw new StoreUnavailableException($"What became of {permit.Id} could not be recorded. Try again."),
        };
    }

    private Happening Describe(ActionRecord record, PermitReport report, Outcome masked)
    {
        var now = _store.Now;
        var execution = record.Life.Execution;
        var outcome = masked with { Duration = execution is null ? TimeSpan.Zero : now - execution.StartedAt };
        return new Happening(new LifeEvent.Reported(report.Shown, report.Claim, report.State, now))
        {
            Payload = (_, next) => PayloadWriter.Write(json => PayloadWriter.Outcome(json, outcome, next.Life.Fence)),
            Outcome = outcome,
        };
    }

    /// <summary>What an asker says goes through the same masks as what a target answers.</summary>
    private Outcome MaskedOf(ActionRecord permit, PermitReport report)
    {
        var outcome = new Outcome(report.State, report.Result, report.Error, TimeSpan.Zero) { IsSelfReported = true };
        if (!_charter().Targets.TryGetValue(permit.Action.Target, out var target))
        {
            // Nobody can say any more what of it has to be masked.
            return outcome with
            {
                Result = null,
                Error = "The target is not configured any more, so nothing was kept of what the asker said about it.",
            };
        }

        var redactor = new TargetRedactor(target.Redaction);
        var (inResult, inError) = (RedactionReport.Empty, RedactionReport.Empty);
        return outcome with
        {
            Result = report.Result is { } result
                ? (ReadOnlyMemory<byte>?)redactor.Redact(result, out inResult)
                : null,
            Error = report.Error is { } error ? redactor.Redact(error, out inError) : null,
            Masked = inResult.With(inError),
        };
    }

    private async Task<PermitAnswer> AnswerAsync(
        ActionRecord permit, Registered claim, CancellationToken cancellationToken)
    {
        switch (claim)
        {
            case Registered.Done done:
                return new PermitAnswer.Done(done.Record);
            case Registered.Refused { Why: StepRefusal.ApprovalLapsed, Record: var lapsed }:
                await _registrar.ApplyAsync(
                    permit.Id, Unasked.Overtaken(_claims.WhyLapsed(lapsed)), cancellationToken);
                return new PermitAnswer.Refused(
                    PermitRefusal.NotApproved, await _registrar.FindAsync(permit.Id, cancellationToken) ?? lapsed);
            case Registered.Refused refused:
                return new PermitAnswer.Refused(WhyNotClaimed(refused), refused.Record);
            case Registered.Blocked { Reason: ConflictReason.TooLate }:
                return new PermitAnswer.Refused(
                    PermitRefusal.Expired, await _registrar.PassDueDeadlineAsync(permit, cancellationToken));
            case Registered.Blocked { Reason: ConflictReason.AgentStopped }:
                var stop = await _store.FindStopAsync(permit.Asker.Agent, cancellationToken);
                return new PermitAnswer.Stopped(
                    stop is null ? "People stopped this agent a moment ago." : StopText.Of(stop));
            default:
                throw new StoreUnavailableException($"{permit.Id} could not be claimed; nothing was. Try again.");
        }
    }

    private static PermitRefusal WhyNotClaimed(Registered.Refused refused) => (refused.Why, refused.Record) switch
    {
        (StepRefusal.StaleDigest, _) => PermitRefusal.StaleDigest,
        (StepRefusal.Expired, _) or (_, { State: ActionState.Expired }) => PermitRefusal.Expired,
        (_, { State: ActionState.Executing }) or (_, { Life.LastOutcome: not null }) => PermitRefusal.AlreadyClaimed,
        _ => PermitRefusal.NotApproved,
    };

    private static PermitRefusal WhyNotReported(Registered.Refused refused) => refused.Why switch
    {
        StepRefusal.StaleDigest => PermitRefusal.StaleDigest,
        StepRefusal.StaleFence => PermitRefusal.AlreadyReported,
        StepRefusal.Expired => PermitRefusal.Expired,
        _ when refused.Record.Life.LastOutcome is null => PermitRefusal.NotClaimed,
        _ => refused.Record.Outcome is { IsSelfReported: false }
            ? PermitRefusal.Expired
            : PermitRefusal.AlreadyReported,
    };
}

/// <summary>What an asker says became of the permit that it claimed.</summary>
/// <param name="Shown">The digest that was acted on.</param>
/// <param name="Claim">Which claim is meant, where a grant has several uses; <c>null</c> is the open one.</param>
/// <param name="State">How it ended.</param>
public sealed record PermitReport(ActionDigest Shown, long? Claim, OutcomeState State)
{
    /// <summary>What came of it, as JSON; at most <see cref="PermitDesk.MaxResult"/> bytes.</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }

    /// <summary>Why it failed or is unknown; at most <see cref="PermitDesk.MaxError"/> characters.</summary>
    public string? Error { get; init; }
}

/// <summary>What became of a claim or a report.</summary>
public abstract record PermitAnswer
{
    private PermitAnswer()
    {
    }

    /// <summary>It is durable and in the ledger.</summary>
    public sealed record Done(ActionRecord Record) : PermitAnswer;

    /// <summary>Nothing was changed by this call; the record is as it stands.</summary>
    public sealed record Refused(PermitRefusal Why, ActionRecord Record) : PermitAnswer;

    /// <summary>People stopped the agent.</summary>
    public sealed record Stopped(string Reason) : PermitAnswer;
}

/// <summary>Why a permit was not given, or a report not taken; the names are the problem slugs of the API.</summary>
public enum PermitRefusal
{
    /// <summary>The gateway executes this action: there is nothing to claim.</summary>
    NoPermit,

    StaleDigest,

    /// <summary>It is pending, or ended without an approval.</summary>
    NotApproved,

    AlreadyClaimed,

    /// <summary>The approval was not used in time, or the report comes too late.</summary>
    Expired,

    NotClaimed,

    AlreadyReported,
}

/// <summary>The spelling of refusals in the API.</summary>
public static class PermitRefusals
{
    public static string ToSlug(this PermitRefusal refusal) => refusal switch
    {
        PermitRefusal.NoPermit => "no-permit",
        PermitRefusal.StaleDigest => "stale-digest",
        PermitRefusal.NotApproved => "not-approved",
        PermitRefusal.AlreadyClaimed => "already-claimed",
        PermitRefusal.Expired => "expired",
        PermitRefusal.NotClaimed => "not-claimed",
        PermitRefusal.AlreadyReported => "already-reported",
        _ => throw new UnreachableException(),
    };
}
