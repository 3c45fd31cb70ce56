using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;

namespace Countersign.Core;

/// <summary>Where people answer: votes and withdrawals of every channel come here, and only here.</summary>
public sealed class ReviewDesk
{
    /// <summary>Longest comment that is kept, in characters.</summary>
    public const int MaxComment = 4000;

    /// <summary>
    /// How long the gateway takes no for an answer to its own questions: an agent that keeps calling a changed tool
    /// must not ask the reviewers again all day.
    /// </summary>
    private static readonly TimeSpan DenyGatewayFor = TimeSpan.FromDays(1);

    /// <summary>How often others' approvals may come between before the voter is told to try again.</summary>
    private const int MostFavours = 8;

    private readonly Registrar _registrar;
    private readonly Executions _executions;
    private readonly Signatures _signatures;
    private readonly SelfApprovals _selfApprovals;
    private readonly IStore _store;
    private readonly Func<Charter> _charter;
    private readonly RereadPeople _reread;

    internal ReviewDesk(
        Registrar registrar,
        Executions executions,
        Signatures signatures,
        IStore store,
        (Func<Charter> Charter, RereadPeople Reread) today)
    {
        _registrar = registrar;
        _executions = executions;
        _signatures = signatures;
        _selfApprovals = new SelfApprovals(store);
        _store = store;
        (_charter, _reread) = today;
    }

    /// <summary>
    /// Counts one person's answer to what they were shown. The digest binds it to exactly that revision. An approval of
    /// what they stand behind is refused, and that it was tried is recorded.
    /// </summary>
    public async Task<DeskAnswer> VoteAsync(
        ActionId id, Voter voter, Ballot ballot, CancellationToken cancellationToken)
    {
        var answer = await CountAsync(id, voter, ballot, cancellationToken);
        if (answer is DeskAnswer.Refused { Why: StepRefusal.SelfApproval } refused)
        {
            await _selfApprovals.RecordAsync(refused.Record, voter, cancellationToken);
        }

        return answer;
    }

    /// <summary>Agents have no vote; one that tries to approve is recorded like a person who may not.</summary>
    /// <exception cref="StoreUnavailableException">Nobody knows whether it is recorded.</exception>
    public Task RecordSelfApprovalAsync(ActionRecord record, AgentId agent, CancellationToken cancellationToken) =>
        _selfApprovals.RecordAsync(record, agent, cancellationToken);

    /// <summary>
    /// Ends a review because it is not wanted any more: by the agent that asked, or by whoever may vote on it.
    /// </summary>
    public async Task<DeskAnswer> WithdrawAsync(
        ActionId id, string who, string? comment, CancellationToken cancellationToken)
    {
        var text = comment is null ? $"Withdrawn by {who}." : $"Withdrawn by {who}: {comment}";
        return AnswerOf(await _registrar.ApplyAsync(
            id,
            _ => new Happening(new LifeEvent.WithdrawnBy(who))
            {
                Payload = (_, _) => PayloadWriter.Ending(text),
                Ending = text,
            },
            cancellationToken));
    }

    /// <summary>What a person may do about an action, and if not, why not.</summary>
    public VotingRight RightOf(PersonId person, ActionRecord record, Favours favours)
    {
        var today = _charter();
        var electorate = Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
        return VotingRight.Of(person, record, electorate, new FavoursNow(favours, _store.Now));
    }

    /// <summary>The same, with the favours read for it.</summary>
    public async Task<VotingRight> FindRightAsync(
        PersonId person, ActionRecord record, CancellationToken cancellationToken) =>
        RightOf(person, record, await FindFavoursAsync([record], cancellationToken));

    /// <summary>Who approved whose requests lately, as far back as these actions' rules look.</summary>
    public async Task<Favours> FindFavoursAsync(
        IEnumerable<ActionRecord> records, CancellationToken cancellationToken)
    {
        var pending = records.Where(record => record.State == ActionState.Pending).ToList();
        if (pending.Count == 0)
        {
            return Favours.None;
        }

        var window = Favours.WindowFor(pending.SelectMany(record => record.Verdict.Requirements));
        return new Favours(await _store.FindFavoursAsync(_store.Now - window, cancellationToken));
    }

    /// <summary>Whose approval of this would return one, for cards and answers.</summary>
    public ImmutableArray<Favour> OwedFor(ActionRecord record, Favours favours)
    {
        var today = _charter();
        return favours.FindOwed(Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors));
    }

    /// <summary>
    /// Whether an action is a person's business: they stand behind it or are among its reviewers, whatever its state.
    /// </summary>
    public bool Concerns(PersonId person, ActionRecord record)
    {
        var today = _charter();
        var electorate = Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
        return electorate.ActorChain.Contains(person) || electorate.FitsAny(person);
    }

    /// <summary>How far the votes carry each track, counted with today's people.</summary>
    public ImmutableArray<Tally> TalliesOf(ActionRecord record)
    {
        var today = _charter();
        var electorate = Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
        return [.. record.Life.Tracks.Select((track, i) => Tally.Of(track, i, record.Life.Votes, electorate))];
    }

    private async Task<DeskAnswer> CountAsync(
        ActionId id, Voter voter, Ballot ballot, CancellationToken cancellationToken)
    {
        await _reread(ImmutableHashSet.Create(voter.Person), cancellationToken);
        var shown = await _registrar.FindAsync(id, cancellationToken);
        using var span = shown is null ? null : Spans.Begin("countersign.vote", shown);
        if (shown is not null)
        {
            // A deadline changes who may vote, so it passes first.
            await _registrar.PassDueDeadlineAsync(shown, cancellationToken);
        }

        var check = ballot.Signature is null || shown is null
            ? null
            : await _signatures.CheckAsync(shown, voter.Person, ballot, cancellationToken);
        // A signature is as strong as it gets, whatever the sign-in it came through.
        voter = check is null ? voter : voter with { Assurance = Assurance.Passkey };
        if (check is SignatureCheck.Failed failed)
        {
            var favours = await FindFavoursAsync([shown!], cancellationToken);
            return (DeskAnswer?)MayNotVote(shown!, voter, ballot, favours)
                ?? new DeskAnswer.Unproven(failed.Why, shown!);
        }

        var registered = await RegisterAsync(
            shown, (id, voter, ballot), check as SignatureCheck.Passed, cancellationToken);
        TellVote(span, voter, ballot, registered);
        if (registered is Registered.Done { Record: { State: ActionState.Approved, Detached: true } approved })
        {
            await TryTakeAsync(approved.Id, cancellationToken);
        }

        return AnswerOf(registered);
    }

    /// <summary>
    /// Two people who approve each other's at the same moment must not miss each other, so the vote is committed only
    /// while what it knows of earlier approvals is all there is.
    /// </summary>
    private async Task<Registered> RegisterAsync(
        ActionRecord? shown,
        (ActionId Id, Voter Voter, Ballot Ballot) vote,
        SignatureCheck.Passed? proof,
        CancellationToken cancellationToken)
    {
        for (var round = 0; ; round++)
        {
            var favours = await FindFavoursAsync(shown is null ? [] : [shown], cancellationToken);
            var registered = await _registrar.ApplyAsync(
                vote.Id, record => DescribeVote(record, vote.Voter, vote.Ballot, proof, favours), cancellationToken);
            if (registered is not Registered.Blocked { Reason: ConflictReason.FavourDone } || round == MostFavours)
            {
                return registered;
            }
        }
    }

    /// <summary>Who voted is the ledger's business: a trace goes to people who may not read that.</summary>
    private static void TellVote(Activity? span, Voter voter, Ballot ballot, Registered registered)
    {
        span?.SetTag("countersign.vote.decision", ballot.Decision.ToText());
        span?.SetTag("countersign.vote.assurance", voter.Assurance.ToText());
        switch (registered)
        {
            case Registered.Done done:
                Spans.Tell(span, done.Record);
                break;
            case Registered.Refused refused:
                span?.SetTag("countersign.vote.refused", refused.Why.ToSlug());
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// The node that recorded the decision takes it; should it stop right here, the sweep of any node does.
    /// </summary>
    private async Task TryTakeAsync(ActionId id, CancellationToken cancellationToken)
    {
        try
        {
            await _executions.TakeAsync(id, Executions.NeverRun, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // The vote is durable whatever becomes of the claim: a voter who is told otherwise would vote again. The
            // sweep takes the approval as soon as the store can commit.
        }
    }

    private static DeskAnswer AnswerOf(Registered registered) => registered switch
    {
        Registered.Done done => new DeskAnswer.Recorded(done.Record),
        Registered.Refused refused => new DeskAnswer.Refused(refused.Why, refused.Record),
        Registered.Missing => new DeskAnswer.Missing(),
        Registered.Blocked blocked => throw new StoreUnavailableException(
            $"The answer was not recorded ({blocked.Reason}); try again."),
        _ => throw new UnreachableException(),
    };

    /// <summary>Who may not vote at all learns that before anything about their signature.</summary>
    private DeskAnswer.Refused? MayNotVote(ActionRecord record, Voter voter, Ballot ballot, Favours favours) =>
        Lifecycle.Next(record.Life, DescribeVote(record, voter, ballot, proof: null, favours).Event)
            is Step.Refused { Why: StepRefusal.SelfApproval or StepRefusal.NotEligible } refused
            ? new DeskAnswer.Refused(refused.Why, record)
            : null;

    private Happening DescribeVote(
        ActionRecord record, Voter voter, Ballot ballot, SignatureCheck.Passed? proof, Favours favours)
    {
        var today = _charter();
        var electorate = Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
        var denyFor = DenyForOf(record, today);
        var approves = ballot.Decision == Decision.Approve;
        var comment = ballot.Comment is { Length: > MaxComment } longer ? longer[..MaxComment] : ballot.Comment;
        var vote = new Vote(voter.Person, ballot.Decision, voter.Assurance, _store.Now, comment)
        {
            Signature = proof?.Signature,
            InPlaceOf = electorate.InPlaceOf(voter.Person),
            Returns = approves ? favours.FindOwed(voter.Person, electorate.ActorChain) : null,
        };
        return new Happening(new LifeEvent.VoteCast(vote, ballot.Digest, electorate, denyFor))
        {
            Payload = (type, next) => type == EntryType.ReviewVote
                ? PayloadWriter.Vote(vote, ballot.Digest)
                : PayloadWriter.Ending(DecisionText(vote), json => json.WriteString("state", next.State.ToText())),
            Votes = [new VoteRow(
                record.Id, record.Life.Revision, vote.Person, vote.Decision.ToKind(), vote.Assurance, vote.At)
            {
                Behind = approves ? electorate.ActorChain : [],
            }],
            OnlyWithoutFavour = approves ? GuardOf(record, vote, electorate) : null,
            NotAfter = record.Life.ExpiresAt,
            Passkey = proof?.Use,
            Ending = vote.Decision == Decision.Deny ? DecisionText(vote) : null,
        };
    }

    private static FavourGuard GuardOf(ActionRecord record, Vote vote, Electorate electorate) => new(
        electorate.ActorChain,
        vote.Person,
        vote.Returns?.At ?? vote.At - Favours.WindowFor(record.Verdict.Requirements));

    private static TimeSpan DenyForOf(ActionRecord record, Charter today) => 0 switch
    {
        // Whether an agent may go on is asked by people, not by an agent that repeats itself.
        _ when StopRegister.IsResume(record) => TimeSpan.Zero,
        _ when record.Asker.Agent == DefinitionDesk.ReservedAgent => DenyGatewayFor,
        _ when today.Targets.TryGetValue(record.Action.Target, out var target) => target.DenyFor,
        _ => Target.DefaultDenyFor,
    };

    private static string DecisionText(Vote vote) => (vote.Decision, vote.Comment) switch
    {
        (Decision.Approve, _) => $"Approved; the last approval came from {vote.Person}.",
        (_, { Length: > 0 } comment) => $"Denied by {vote.Person}: {comment}",
        _ => $"Denied by {vote.Person}.",
    };
}

/// <summary>What a person answers, and the digest of what they were shown.</summary>
public sealed record Ballot(Decision Decision, ActionDigest Digest, string? Comment)
{
    /// <summary>The same answer, signed with a passkey; one that does not verify is refused with the vote.</summary>
    public SignedAnswer? Signature { get; init; }
}

/// <summary>What became of an answer.</summary>
public abstract record DeskAnswer
{
    private DeskAnswer()
    {
    }

    /// <summary>It is durable and in the ledger.</summary>
    public sealed record Recorded(ActionRecord Record) : DeskAnswer;

    public sealed record Refused(StepRefusal Why, ActionRecord Record) : DeskAnswer;

    /// <summary>It came with a signature that proves nothing; the text says why.</summary>
    public sealed record Unproven(string Why, ActionRecord Record) : DeskAnswer;

    public sealed record Missing : DeskAnswer;
}
