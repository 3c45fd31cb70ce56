using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Where a reviewer asks what would come of an action, and its gate runs it and takes it back. Who may approve may ask;
/// whoever stands behind the request may not, because it reaches the target before anybody agreed.
/// <list type="number">
/// <item>That they asked is in the ledger before anything runs.</item>
/// <item>The gate runs it and takes it back.</item>
/// <item>What came of it is in the ledger, and on the card as long as the review is open.</item>
/// </list>
/// Votes, bounds and the preview stay what they were: nobody agreed to the dry run's numbers yet.
/// </summary>
public sealed class RehearsalDesk
{
    private const string NoKind = "Only statements on PostgreSQL targets can be run and taken back.";

    private readonly Registrar _registrar;
    private readonly IStore _store;
    private readonly Func<Charter> _charter;
    private readonly FindRehearser _find;

    internal RehearsalDesk(Registrar registrar, IStore store, Func<Charter> charter, FindRehearser find) =>
        (_registrar, _store, _charter, _find) = (registrar, store, charter, find);

    /// <summary>Whether a person may ask for it now.</summary>
    public bool MayAsk(PersonId person, ActionRecord record) =>
        record.State == ActionState.Pending
        && ElectorateOf(record) is var electorate
        && !electorate.ActorChain.Contains(person)
        && electorate.FitsAny(person)
        && _find(record) is not null;

    /// <param name="id">The action.</param>
    /// <param name="voter">Who asks.</param>
    /// <param name="shown">The digest of what they were shown.</param>
    /// <param name="cancellationToken">Stops before it runs; once it runs, its gate ends it in time.</param>
    public async Task<RehearsalAnswer> AskAsync(
        ActionId id, Voter voter, ActionDigest shown, CancellationToken cancellationToken)
    {
        if (await _registrar.FindAsync(id, cancellationToken) is not { } known)
        {
            return new RehearsalAnswer.Missing();
        }

        if (_find(known) is null)
        {
            return new RehearsalAnswer.Impossible(NoKind);
        }

        var record = await _registrar.PassDueDeadlineAsync(known, cancellationToken);
        // 1.
        var asked = await _registrar.ApplyAsync(
            record,
            current => new Happening(EventOf(current, voter.Person, shown))
            {
                Payload = (_, next) => PayloadWriter.Write(json =>
                {
                    CardPayload.Write(json, Card.Of(next));
                    RehearsalPayload.WriteAsked(json, voter.Person);
                }),
            },
            cancellationToken);
        return asked switch
        {
            Registered.Done done => await RunAsync(done.Record, voter, shown, cancellationToken),
            Registered.Refused refused => new RehearsalAnswer.Refused(refused.Why, refused.Record),
            Registered.Missing => new RehearsalAnswer.Missing(),
            _ => throw new StoreUnavailableException("The dry run was not recorded, so nothing ran; try again."),
        };
    }

    private async Task<RehearsalAnswer> RunAsync(
        ActionRecord record, Voter voter, ActionDigest shown, CancellationToken cancellationToken)
    {
        try
        {
            // 2.
            var finding = _find(record) is { } rehearse
                ? await rehearse(record, cancellationToken)
                : throw new NoRehearsalException(NoKind);
            // 3.
            var rehearsal = new Rehearsal(voter.Person, _store.Now, finding);
            return await _registrar.ApplyAsync(
                record, current => Describe(current, voter, shown, rehearsal), CancellationToken.None) is
                Registered.Done done
                ? new RehearsalAnswer.Done(done.Record, rehearsal)
                : new RehearsalAnswer.Done(record, rehearsal);
        }
        catch (NoRehearsalException none)
        {
            return new RehearsalAnswer.Impossible(none.Message);
        }
    }

    private Happening Describe(ActionRecord record, Voter voter, ActionDigest shown, Rehearsal rehearsal) =>
        new(EventOf(record, voter.Person, shown))
        {
            Payload = (_, next) => PayloadWriter.Write(json =>
            {
                CardPayload.Write(json, Card.Of(next));
                RehearsalPayload.Write(json, rehearsal);
            }),
            Rehearsal = rehearsal,
            Votes = [new VoteRow(
                record.Id, record.Life.Revision, voter.Person, VoteKind.DryRun, voter.Assurance, rehearsal.At)],
        };

    private LifeEvent.Rehearsed EventOf(ActionRecord record, PersonId by, ActionDigest shown) =>
        new(by, shown, ElectorateOf(record));

    private Electorate ElectorateOf(ActionRecord record)
    {
        var today = _charter();
        return Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
    }
}

/// <summary>What a wish for a dry run is answered with.</summary>
public abstract record RehearsalAnswer
{
    private RehearsalAnswer()
    {
    }

    /// <summary>It ran and was taken back; the record shows it unless the review ended meanwhile.</summary>
    public sealed record Done(ActionRecord Record, Rehearsal Rehearsal) : RehearsalAnswer;

    public sealed record Refused(StepRefusal Why, ActionRecord Record) : RehearsalAnswer;

    /// <summary>Nothing ran.</summary>
    public sealed record Impossible(string Why) : RehearsalAnswer;

    public sealed record Missing : RehearsalAnswer;
}
