using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Schemas;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Where people change what was asked before they let it run (DESIGN section 2.6). A change is a new revision:
/// <list type="number">
/// <item>Arguments that a tool describes otherwise are not for its server to find out about.</item>
/// <item>The policy judges it as if the agent had asked for it, with a preview of its own. What it denies is not
/// revised, and neither is what nobody could approve any more.</item>
/// <item>Where the policy would let it pass now, the people who were asked are asked all the same.</item>
/// <item>Earlier votes are void, and whoever changed it never approves it.</item>
/// </list>
/// </summary>
public sealed class RevisionDesk
{
    /// <summary>What passed the limits on its way in is read again whole.</summary>
    private static readonly JsonDocumentOptions s_deep = new() { MaxDepth = 1024 };

    private readonly Registrar _registrar;
    private readonly IStore _store;
    private readonly Func<Charter> _charter;

    internal RevisionDesk(Registrar registrar, IStore store, Func<Charter> charter) =>
        (_registrar, _store, _charter) = (registrar, store, charter);

    /// <summary>Whether a person may change this action now: they are among its reviewers, and do not stand behind
    /// it.</summary>
    public bool MayModify(PersonId person, ActionRecord record) =>
        record.State == ActionState.Pending && WhyFixed(record) is null && IsReviewer(person, record, _charter());

    /// <summary>
    /// Why a change of this person would leave nobody who may approve it, if the rules ask the same of it then;
    /// <c>null</c> when it leaves somebody. They are told before they write, and may go on all the same.
    /// </summary>
    public string? WhyNobodyLeft(PersonId person, ActionRecord record)
    {
        var today = _charter();
        var change = new LifeEvent.Modified(
            person,
            IsReviewer(person, record, today),
            record.Action.Digest,
            record.Action.Digest,
            record.Verdict.Requirements,
            _store.Now);
        return WhyNobody(record, change, today);
    }

    /// <summary>
    /// What speaks against a change before it is known what it would be; <c>null</c> when nothing does. Facts and a
    /// preview of it are for reviewers only, so this is asked before they are made.
    /// </summary>
    public async Task<RevisionAnswer?> WhyNotAsync(
        ActionId id, Voter voter, ActionDigest shown, CancellationToken cancellationToken) =>
        (await BeginAsync(id, voter, shown, cancellationToken)).Refusal;

    /// <summary>What the target's description does not take; <c>null</c> when it takes everything.</summary>
    public async Task<RevisionAnswer?> FindUnfitAsync(
        ActionRecord record, Asking changed, CancellationToken cancellationToken) =>
        await FindFaultsAsync(record, changed, cancellationToken) is { IsEmpty: false } faults
            ? RevisionAnswer.Unfit.Of(faults, record)
            : null;

    /// <summary>
    /// What a change would come to, with a preview of its own: the same checks as for the revision, and nothing is
    /// recorded. A reviewer may look before they change anything.
    /// </summary>
    public async Task<RevisionAnswer> ForeseeAsync(
        ActionId id, Voter voter, Revision revision, CancellationToken cancellationToken)
    {
        var (record, judged, refusal) = await JudgeAsync(id, voter, revision, cancellationToken);
        return refusal ?? new RevisionAnswer.Foreseen(
            Revised(record!, revision, judged!, Modified(record!, voter, revision)),
            judged!.Verdict.Outcome == VerdictOutcome.Allow);
    }

    /// <summary>Makes a revision of an open review.</summary>
    /// <param name="id">The action.</param>
    /// <param name="voter">Who changes it.</param>
    /// <param name="revision">What of it, and what they were shown.</param>
    /// <param name="cancellationToken">Stops before the revision is recorded.</param>
    /// <exception cref="StoreUnavailableException">Nobody knows whether it was recorded: read again.</exception>
    public async Task<RevisionAnswer> ReviseAsync(
        ActionId id, Voter voter, Revision revision, CancellationToken cancellationToken)
    {
        var (record, judged, refusal) = await JudgeAsync(id, voter, revision, cancellationToken);
        return refusal ?? await RecordAsync(record!, voter, revision, judged!, cancellationToken);
    }

    /// <summary>What the policy makes of a change, or what speaks against it.</summary>
    private async Task<(ActionRecord? Record, Judged? Judged, RevisionAnswer? Refusal)> JudgeAsync(
        ActionId id, Voter voter, Revision revision, CancellationToken cancellationToken)
    {
        var (open, refusal) = await BeginAsync(id, voter, revision.Shown, cancellationToken);
        if (open is not { } record)
        {
            return (null, null, refusal);
        }

        if (revision.Asking.Action.Digest == record.Action.Digest)
        {
            return (null, null, new RevisionAnswer.Unchanged(record));
        }

        // 1.
        if (await FindUnfitAsync(record, revision.Asking, cancellationToken) is { } unfit)
        {
            return (null, null, unfit);
        }

        // 2.
        var today = _charter();
        var preview = await new PreviewOnce(revision.Asking).MakeAsync(cancellationToken);
        var verdict = today.Judge(revision.Asking, preview);
        if (verdict.Outcome == VerdictOutcome.Deny)
        {
            return (null, null, new RevisionAnswer.RefusedByPolicy(verdict, record));
        }

        var judged = new Judged(today, preview, verdict);
        return WhyNobody(record, Describe(record, voter, revision, judged).Event, today) is { } nobody
            ? (null, null, new RevisionAnswer.NobodyLeft(nobody, record))
            : (record, judged, null);
    }

    /// <summary>The open review as it stands, or what speaks against changing it.</summary>
    private async Task<(ActionRecord? Open, RevisionAnswer? Refusal)> BeginAsync(
        ActionId id, Voter voter, ActionDigest shown, CancellationToken cancellationToken)
    {
        if (await _registrar.FindAsync(id, cancellationToken) is not { } found)
        {
            return (null, new RevisionAnswer.Missing());
        }

        var record = await _registrar.PassDueDeadlineAsync(found, cancellationToken);
        if (WhyFixed(record) is { } why)
        {
            return (null, new RevisionAnswer.Fixed(why, record));
        }

        // The lifecycle alone knows when a review can be changed; this change leaves it as it is.
        var trial = new LifeEvent.Modified(
            voter.Person,
            IsReviewer(voter.Person, record, _charter()),
            shown,
            record.Action.Digest,
            record.Verdict.Requirements,
            _store.Now);
        return Lifecycle.Next(record.Life, trial) is Step.Refused refused
            ? (null, new RevisionAnswer.Refused(refused.Why, record))
            : (record, null);
    }

    /// <summary>What the description of the operation takes no more; nothing where none was seen yet.</summary>
    private async Task<ImmutableArray<SchemaFault>> FindFaultsAsync(
        ActionRecord record, Asking asking, CancellationToken cancellationToken)
    {
        var changed = asking.Action;
        if (asking.Body is { } body)
        {
            return FindFaults(body, record.Action.Arguments, changed.Arguments);
        }

        if (record.Gate != GateKind.Mcp
            || await _store.FindDefinitionAsync(changed.Target, changed.Operation, cancellationToken)
                is not { } definition)
        {
            return [];
        }

        using var described = JsonDocument.Parse(definition.Definition, s_deep);
        using var old = JsonDocument.Parse(Definition.OwnArgumentsOf(record.Action.Arguments).Bytes, s_deep);
        using var edited = JsonDocument.Parse(Definition.OwnArgumentsOf(changed.Arguments).Bytes, s_deep);
        return described.RootElement.TryGetProperty("inputSchema", out var schema)
            ? ArgumentSchema.FindNew(schema, old.RootElement, edited.RootElement)
            : [];
    }

    /// <summary>What is written in another way than as JSON is compared with nothing.</summary>
    private static ImmutableArray<SchemaFault> FindFaults(BodySchema body, CanonicalJson before, CanonicalJson after)
    {
        const string Member = "body";
        if (!after.TryGetMember(Member, out var written))
        {
            return body.IsRequired && before.TryGetMember(Member, out _)
                && !after.Members().Any(member => member.Key.StartsWith(Member, StringComparison.Ordinal))
                    ? [new SchemaFault(Member, "is missing")]
                    : [];
        }

        using var old = before.TryGetMember(Member, out var asked) ? JsonDocument.Parse(asked.Bytes, s_deep) : null;
        using var edited = JsonDocument.Parse(written.Bytes, s_deep);
        return ArgumentSchema.FindNew(body, Member, old?.RootElement, edited.RootElement);
    }

    /// <summary>Whoever changes a request does not approve it, so a change may leave nobody who could.</summary>
    private static string? WhyNobody(ActionRecord record, LifeEvent change, Charter today) =>
        Lifecycle.Next(record.Life, change) is Step.To { Life: var changed }
        && Electorate.FindUnmeetable(changed, record.Asker, today.People, today.PolicyAuthors) is { } track
            ? "If you change it, nobody is left who may approve it: rule " +
                $"'{track.Requirement.Rule}' needs {Electorate.TextOf(track.Requirement)}, and neither you nor " +
                "whoever stands behind the request counts there. Let another reviewer change it, or deny it and say " +
                "in the comment what to ask for instead."
            : null;

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
        var change = Modified(record, voter, revision);

        // 4.
        return new Happening(new LifeEvent.Modified(
            voter.Person,
            IsReviewer(voter.Person, record, judged.Today),
            revision.Shown,
            revision.Asking.Action.Digest,
            VerdictOf(record, judged).Requirements,
            change.At))
        {
            Revise = old => Revised(old, revision, judged, change),
            Payload = (_, next) => PayloadWriter.Write(json =>
            {
                PayloadWriter.Request(json, next);
                // What people are shown from now on, and sign with it.
                CardPayload.Write(json, Card.Of(next));
            }),
            Votes =
            [
                new VoteRow(
                    record.Id, record.Life.Revision + 1, voter.Person, VoteKind.Modify, voter.Assurance, change.At),
            ],
            NotAfter = record.Life.ExpiresAt,
            OnlyUnderPolicy = judged.Today.Policy,
        };
    }

    private Modification Modified(ActionRecord record, Voter voter, Revision revision)
    {
        var comment = revision.Comment is { Length: > ReviewDesk.MaxComment } longer
            ? longer[..ReviewDesk.MaxComment]
            : revision.Comment;
        return new Modification(voter.Person, _store.Now, comment, record.Action.Arguments);
    }

    private static ActionRecord Revised(
        ActionRecord old, Revision revision, Judged judged, Modification change) => old with
    {
        Action = revision.Asking.Action,
        Facts = revision.Asking.Facts,
        Preview = judged.Preview,
        Verdict = VerdictOf(old, judged),
        Changes = old.Changes.Add(change),
    };

    // 3.
    private static Verdict VerdictOf(ActionRecord record, Judged judged) =>
        judged.Verdict.Outcome == VerdictOutcome.Require
            ? judged.Verdict
            : record.Verdict with { Policy = judged.Verdict.Policy };

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
