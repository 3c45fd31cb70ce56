using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Where one person lets a pending request through alone, because nobody who was asked can be reached (NIST SP 800-53,
/// AC-3(2)). It takes (1) the role, a reason and a passkey's signature over this very request, (2) the sealed codes of
/// two custodians. Then (3) the codes are used up, (4) the review of it is opened, (5) the request is approved for one
/// use and a short time, and every channel is told. What the policy denies stays denied.
/// </summary>
public sealed class BreakGlassDesk
{
    /// <summary>The operation of the review afterwards, on the gateway's own target.</summary>
    public const string Operation = "break-glass.review";

    /// <summary>Longest reason that is kept.</summary>
    public const int MaxReason = ReviewDesk.MaxComment;

    private const int Custodians = 2;

    private static readonly RuleId Afterwards = new("break-glass-review");

    private readonly BreakGlassRooms _rooms;
    private readonly BreakGlassOptions? _options;
    private readonly Func<Charter> _charter;
    private readonly RereadPeople _reread;

    internal BreakGlassDesk(
        BreakGlassRooms rooms, BreakGlassOptions? options, (Func<Charter> Charter, RereadPeople Reread) today)
    {
        _rooms = rooms;
        _options = options;
        (_charter, _reread) = today;
    }

    /// <summary>Whether the glass may be broken on this server at all.</summary>
    public bool IsThere => _options is not null;

    /// <summary>Whether a person may break it for an action as it stands.</summary>
    public bool MayBreak(PersonId person, ActionRecord record) => IsThere
        && record.State == ActionState.Pending
        && record.Asker.Agent != DefinitionDesk.ReservedAgent
        && ElectorateOf(record).GlassBreakers.Contains(person);

    public async Task<GlassAnswer> BreakAsync(
        ActionId id, Voter voter, GlassRequest asked, CancellationToken cancellationToken)
    {
        if (_options is not { } options)
        {
            return new GlassAnswer.Refused(
                "There is no glass to break here: the configuration has no section 'break_glass'.");
        }

        // 1.
        await _reread(ImmutableHashSet.Create(voter.Person), cancellationToken);
        if (await _rooms.Registrar.FindAsync(id, cancellationToken) is not { } found)
        {
            return new GlassAnswer.Missing();
        }

        var record = await _rooms.Registrar.PassDueDeadlineAsync(found, cancellationToken);
        if (WhyNot(record, asked) is { } why)
        {
            return new GlassAnswer.Refused(why);
        }

        var ballot = new Ballot(Decision.Approve, asked.Digest, asked.Reason) { Signature = asked.Signature };
        if (Lifecycle.Next(record.Life, EventOf(record, VoteOf(voter, asked), asked.Digest)) is Step.Refused refused)
        {
            return new GlassAnswer.NotTaken(refused.Why, record);
        }

        var check = await _rooms.Signatures.CheckAsync(record, voter.Person, ballot, cancellationToken);
        if (check is not SignatureCheck.Passed proof)
        {
            return new GlassAnswer.Refused(((SignatureCheck.Failed)check).Why);
        }

        // 2.
        var codes = asked.Codes.Select(options.Codes.TryRead).OfType<BreakGlassCode>().ToList();
        if (WhyNot(codes, voter.Person, record) is { } lacking)
        {
            return new GlassAnswer.Refused(lacking);
        }

        var reviewers = ReviewersOf(voter.Person, record);
        return reviewers.IsEmpty
            ? new GlassAnswer.Refused("Nobody would be left who could look at it afterwards: name more reviewers.")
            : await BreakAsync(
                record,
                new Signed(VoteOf(voter, asked) with { Signature = proof.Signature }, asked.Digest, proof.Use),
                (codes, reviewers),
                cancellationToken);
    }

    /// <summary>The review of a use has nothing to execute: the answer itself is what was asked for.</summary>
    internal static FindExecutor FindExecutorOr(FindExecutor next) => action =>
        action.Asker.Agent == DefinitionDesk.ReservedAgent && action.Action.Operation == Operation
            ? static (_, _) => Task.FromResult(
                new Outcome(OutcomeState.Succeeded, Result: null, Error: null, TimeSpan.Zero))
            : next(action);

    private async Task<GlassAnswer> BreakAsync(
        ActionRecord record,
        Signed signed,
        (List<BreakGlassCode> Codes, ImmutableArray<PersonId> Reviewers) prepared,
        CancellationToken cancellationToken)
    {
        // 3. A use that then fails is one all the same: a code must never work twice.
        foreach (var code in prepared.Codes)
        {
            if (await _rooms.Store.BeginOnceAsync(code.Key, code.Until, cancellationToken) != OnceState.Begun)
            {
                return new GlassAnswer.Refused($"The code of {code.Custodian} was used before.");
            }
        }

        // 4. Before the use, so that no use can be without its review, wherever this node stops.
        var review = await OpenReviewAsync(record, signed.Vote, prepared.Reviewers, cancellationToken);
        // 5.
        var custodians = prepared.Codes.Select(code => code.Custodian).ToImmutableArray();
        var registered = await _rooms.Registrar.ApplyAsync(
            record.Id, current => Describe(current, signed, custodians), cancellationToken);
        switch (registered)
        {
            case Registered.Done { Record: var broken }:
                if (broken.Detached)
                {
                    await TryTakeAsync(broken.Id, cancellationToken);
                }

                return new GlassAnswer.Broken(broken, review.Id);
            case Registered.Refused refused:
                await _rooms.Reviews.WithdrawAsync(
                    review.Id, DefinitionDesk.ReservedAgent.Value, "The glass was not broken.", cancellationToken);
                return new GlassAnswer.NotTaken(refused.Why, refused.Record);
            default:
                throw new StoreUnavailableException("It was not recorded that the glass is broken; nothing was done.");
        }
    }

    private Happening Describe(
        ActionRecord record, Signed signed, ImmutableArray<PersonId> custodians)
    {
        var vote = signed.Vote with { At = _rooms.Store.Now };
        return new Happening(EventOf(record, vote, signed.Shown))
        {
            Payload = (type, next) => type == EntryType.BreakGlassUsed
                ? PayloadWriter.Glass(next, vote, custodians)
                : PayloadWriter.Ending(
                    $"The glass was broken by {vote.Person}.",
                    json => json.WriteString("state", next.State.ToText())),
            Votes = [new VoteRow(
                record.Id, record.Life.Revision, vote.Person, VoteKind.BreakGlass, vote.Assurance, vote.At)],
            NotAfter = record.Life.ExpiresAt,
            Passkey = signed.Use,
            IsAlarming = true,
        };
    }

    /// <summary>Asks somebody else whether it was justified.</summary>
    private async Task<ActionRecord> OpenReviewAsync(
        ActionRecord record, Vote vote, ImmutableArray<PersonId> reviewers, CancellationToken cancellationToken)
    {
        var arguments = new CanonicalObject()
            .Add("action", record.Id.Value)
            .Add("person", vote.Person.Value)
            .Add("reason", vote.Comment!)
            .Add("target", record.Action.Target.Value)
            .Add("operation", record.Action.Operation)
            .Add("at", vote.At.UtcTicks);
        var action = CanonicalAction.Of(AgentDesk.Gateway.Name, Operation, arguments.ToCanonicalJson());
        var asking = new Asking(
            new Asker(DefinitionDesk.ReservedAgent, OnBehalfOf: null), AgentDesk.Gateway, GateKind.Api, action);
        var requirement = new Requirement(
            Afterwards,
            "One person let this through alone. Look at what it did: approve what was justified, deny what was not.",
            [new Stage([.. reviewers.Select(Party (id) => new Party.OfPerson(id))], 1, _options!.ReviewWithin, [])],
            Assurance.Token,
            DistinctFrom: [],
            Bounds.None,
            GrantTerms.Default);
        var verdict = new Verdict(
            VerdictOutcome.Require,
            [new MatchedRule(Afterwards, requirement.Reason)],
            [requirement],
            _charter().Policy);
        return await _rooms.Gatekeeper.AdmitAsync(asking, (_, _) => verdict, cancellationToken) is Admission.Held held
            ? held.Record
            : throw new StoreUnavailableException("The review of it could not be opened, so the glass stays whole.");
    }

    /// <summary>The approval is durable whatever becomes of the claim; the sweep takes it when the store can.</summary>
    private async Task TryTakeAsync(ActionId id, CancellationToken cancellationToken)
    {
        try
        {
            await _rooms.Executions.TakeAsync(id, Executions.NeverRun, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // As above: whoever broke the glass must not be told that they did not.
        }
    }

    private static string? WhyNot(ActionRecord record, GlassRequest asked) => 0 switch
    {
        _ when record.Asker.Agent == DefinitionDesk.ReservedAgent =>
            "The gateway's own questions are answered by those who are asked.",
        _ when string.IsNullOrWhiteSpace(asked.Reason) => "Breaking the glass takes a reason.",
        _ when asked.Signature is null => "Breaking the glass takes a passkey: sign the request.",
        _ => null,
    };

    private string? WhyNot(List<BreakGlassCode> codes, PersonId by, ActionRecord record)
    {
        var custodians = codes.Select(code => code.Custodian).Distinct().ToList();
        var chain = ElectorateOf(record).ActorChain;
        return 0 switch
        {
            _ when codes.Count != Custodians || custodians.Count != Custodians =>
                "Breaking the glass takes the sealed codes of two custodians, and these are not.",
            _ when custodians.Exists(custodian => custodian == by || chain.Contains(custodian)) =>
                "A custodian may neither be you nor stand behind the request.",
            _ when custodians.Exists(custodian => _charter().People.Find(custodian) is null) =>
                "A custodian is not registered any more; their code went with them.",
            _ => null,
        };
    }

    /// <summary>Whoever may review anything, but for who broke the glass and who asked.</summary>
    private ImmutableArray<PersonId> ReviewersOf(PersonId by, ActionRecord record) =>
    [
        .. _charter().PersonsWhoMayReview().Remove(by).Except(ElectorateOf(record).ActorChain)
            .OrderBy(person => person.Value, StringComparer.Ordinal),
    ];

    private LifeEvent.GlassBroken EventOf(ActionRecord record, Vote vote, ActionDigest shown) =>
        new(vote, shown, ElectorateOf(record), _options!.TimeBox);

    private Vote VoteOf(Voter voter, GlassRequest asked) => new(
        voter.Person,
        Decision.Approve,
        Assurance.Passkey,
        _rooms.Store.Now,
        asked.Reason.Length > MaxReason ? asked.Reason[..MaxReason] : asked.Reason);

    private Electorate ElectorateOf(ActionRecord record)
    {
        var today = _charter();
        return Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
    }

    private sealed record Signed(Vote Vote, ActionDigest Shown, PasskeyWrite.Uses Use);
}

/// <summary>What breaking the glass works with.</summary>
internal sealed record BreakGlassRooms(
    Registrar Registrar,
    Executions Executions,
    Signatures Signatures,
    IStore Store,
    Gatekeeper Gatekeeper,
    ReviewDesk Reviews);

/// <summary>How the glass may be broken.</summary>
/// <param name="Codes">The sealed codes of custodians.</param>
public sealed record BreakGlassOptions(BreakGlassCodes Codes)
{
    /// <summary>How long what it allows may be used.</summary>
    public TimeSpan TimeBox { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Until when somebody else has to have looked at it.</summary>
    public TimeSpan ReviewWithin { get; init; } = TimeSpan.FromDays(1);
}

/// <summary>What a person says who breaks the glass.</summary>
/// <param name="Digest">Of what they were shown.</param>
/// <param name="Reason">Why nobody else could be asked.</param>
/// <param name="Signature">Their passkey's, over the statement that approves exactly this.</param>
/// <param name="Codes">From the envelopes of two custodians.</param>
public sealed record GlassRequest(
    ActionDigest Digest, string Reason, SignedAnswer? Signature, ImmutableArray<string> Codes);

/// <summary>What became of breaking the glass.</summary>
public abstract record GlassAnswer
{
    private GlassAnswer()
    {
    }

    /// <summary>The request may run once, soon; the review afterwards is open.</summary>
    public sealed record Broken(ActionRecord Record, ActionId Review) : GlassAnswer;

    /// <summary>Something is missing; the text says what.</summary>
    public sealed record Refused(string Why) : GlassAnswer;

    /// <summary>The action does not take it, as it would not take a vote.</summary>
    public sealed record NotTaken(StepRefusal Why, ActionRecord Record) : GlassAnswer;

    public sealed record Missing : GlassAnswer;
}
