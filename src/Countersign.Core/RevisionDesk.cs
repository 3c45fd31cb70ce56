using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Where people change what was asked before they let it run (DESIGN section 2.6). A change is a new revision:
/// <list type="number">
/// <item>The policy judges it as if the agent had asked for it, with a preview of its own. What it denies is not
/// revised.</item>
/// <item>Where the policy would let it pass now, the people who were asked are asked all the same.</item>
/// <item>Earlier votes are void, and whoever changed it never approves it.</item>
/// </list>
/// </summary>
public sealed class RevisionDesk
{
    private readonly Registrar _registrar;
    private readonly IStore _store;
    private readonly Func<Charter> _charter;

    internal RevisionDesk(Registrar registrar, IStore store, Func<Charter> charter) =>
        (_registrar, _store, _charter) = (registrar, store, charter);

    /// <summary>Whether a person may change this action now: they are among its reviewers, and do not stand behind
    /// it.</summary>
    public bool MayModify(PersonId person, ActionRecord record) =>
        record.State == ActionState.Pending && WhyFixed(record) is null && IsReviewer(person, record, _charter());

    /// <summary>Makes a revision of an open review.</summary>
    /// <param name="id">The action.</param>
    /// <param name="voter">Who changes it.</param>
    /// <param name="revision">What of it, and what they were shown.</param>
    /// <param name="cancellationToken">Stops before the revision is recorded.</param>
    /// <exception cref="StoreUnavailableException">Nobody knows whether it was recorded: read again.</exception>
    public async Task<RevisionAnswer> ReviseAsync(
        ActionId id, Voter voter, Revision revision, CancellationToken cancellationToken)
    {
        if (await _registrar.FindAsync(id, cancellationToken) is not { } found)
        {
            return new RevisionAnswer.Missing();
        }

        var record = await _registrar.PassDueDeadlineAsync(found, cancellationToken);
        if (WhyFixed(record) is { } why)
        {
            return new RevisionAnswer.Fixed(why, record);
        }

        var today = _charter();
        if (!IsReviewer(voter.Person, record, today))
        {
            return new RevisionAnswer.Refused(StepRefusal.NotEligible, record);
        }

        if (revision.Asking.Action.Digest == record.Action.Digest)
        {
            return new RevisionAnswer.Unchanged(record);
        }

        // 1.
        var preview = await new PreviewOnce(revision.Asking).MakeAsync(cancellationToken);
        var verdict = today.Judge(revision.Asking, preview);
        if (verdict.Outcome == VerdictOutcome.Deny)
        {
            return new RevisionAnswer.RefusedByPolicy(verdict, record);
        }

        return await RecordAsync(record, voter, revision, new Judged(today, preview, verdict), cancellationToken);
    }

    /// <summary>Why a person may not change an action, as it stands now.</summary>
    public async Task<RevisionAnswer> ExplainAsync(ActionId id, Voter voter, CancellationToken cancellationToken)
    {
        if (await _registrar.FindAsync(id, cancellationToken) is not { } record)
        {
            return new RevisionAnswer.Missing();
        }

        return WhyFixed(record) is { } why
            ? new RevisionAnswer.Fixed(why, record)
            : new RevisionAnswer.Refused(
                !IsReviewer(voter.Person, record, _charter()) ? StepRefusal.NotEligible
                    : record.State == ActionState.Expired ? StepRefusal.Expired
                    : StepRefusal.AlreadyDecided,
                record);
    }

    private async Task<RevisionAnswer> RecordAsync(
        ActionRecord shown, Voter voter, Revision revision, Judged judged, CancellationToken cancellationToken)
    {
        var registered = await _registrar.ApplyAsync(
            shown, record => Describe(record, voter, revision, judged), cancellationToken);
        return registered switch
        {
            Registered.Done done => new RevisionAnswer.Recorded(done.Record),
            Registered.Refused refused => new RevisionAnswer.Refused(refused.Why, refused.Record),
            Registered.Missing => new RevisionAnswer.Missing(),
            Registered.Blocked blocked => throw new StoreUnavailableException(
                $"The revision was not recorded ({blocked.Reason}); read the action and try again."),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private Happening Describe(ActionRecord record, Voter voter, Revision revision, Judged judged)
    {
        var now = _store.Now;
        var comment = revision.Comment is { Length: > ReviewDesk.MaxComment } longer
            ? longer[..ReviewDesk.MaxComment]
            : revision.Comment;

        // 2.
        var verdict = judged.Verdict.Outcome == VerdictOutcome.Require
            ? judged.Verdict
            : record.Verdict with { Policy = judged.Verdict.Policy };
        var action = revision.Asking.Action;
        var change = new Modification(voter.Person, now, comment, record.Action.Arguments);

        // 3.
        return new Happening(new LifeEvent.Modified(
            voter.Person,
            IsReviewer(voter.Person, record, judged.Today),
            revision.Shown,
            action.Digest,
            verdict.Requirements,
            now))
        {
            Revise = old => old with
            {
                Action = action,
                Facts = revision.Asking.Facts,
                Preview = judged.Preview,
                Verdict = verdict,
                Changes = old.Changes.Add(change),
            },
            Payload = (_, next) => PayloadWriter.Write(json => PayloadWriter.Request(json, next)),
            Votes =
            [
                new VoteRow(
                    record.Id, record.Life.Revision + 1, voter.Person, VoteKind.Modify, voter.Assurance, now),
            ],
            NotAfter = record.Life.ExpiresAt,
            OnlyUnderPolicy = judged.Today.Policy,
        };
    }

    /// <summary>Whoever changed it before may change it again: that is no approval.</summary>
    private static bool IsReviewer(PersonId person, ActionRecord record, Charter today)
    {
        var electorate = Electorate.Of(
            record.Life with { Modifiers = [] }, record.Asker, today.People, today.PolicyAuthors);
        return !electorate.ActorChain.Contains(person) && electorate.FitsAny(person);
    }

    /// <summary>What the gateway itself asks has nothing to change.</summary>
    private static string? WhyFixed(ActionRecord record) =>
        record.Asker.Agent == DefinitionDesk.ReservedAgent || StopRegister.IsResume(record)
            ? "This is a question of the gateway itself; it can be approved or denied, and not changed."
            : null;

    private sealed record Judged(Charter Today, Preview? Preview, Verdict Verdict);
}

/// <summary>A change of an open review.</summary>
/// <param name="Shown">The digest of the revision that the person was shown.</param>
/// <param name="Asking">What is asked then, as its gate understands it.</param>
/// <param name="Comment">Why; the agent is told.</param>
public sealed record Revision(ActionDigest Shown, Asking Asking, string? Comment);

/// <summary>What became of a change.</summary>
public abstract record RevisionAnswer
{
    private RevisionAnswer()
    {
    }

    /// <summary>It is durable and in the ledger; people are asked about it.</summary>
    public sealed record Recorded(ActionRecord Record) : RevisionAnswer;

    public sealed record Refused(StepRefusal Why, ActionRecord Record) : RevisionAnswer;

    /// <summary>The policy denies what it would be changed into.</summary>
    public sealed record RefusedByPolicy(Verdict Verdict, ActionRecord Record) : RevisionAnswer;

    /// <summary>The arguments are those that it has already.</summary>
    public sealed record Unchanged(ActionRecord Record) : RevisionAnswer;

    /// <summary>It is not one that can be changed, and why.</summary>
    public sealed record Fixed(string Why, ActionRecord Record) : RevisionAnswer;

    public sealed record Missing : RevisionAnswer;
}
