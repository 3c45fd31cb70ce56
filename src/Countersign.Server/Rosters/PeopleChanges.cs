using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;

namespace Countersign.Server.Rosters;

/// <summary>
/// Brings the people and agents of the configuration into force (DESIGN section 6.1). The first ones are taken as they
/// are. Later (1) what is taken away is gone at once, (2) what is new is a proposal that people approve like any
/// action, and until then nobody has it. With <c>changes: immediate</c> all of it takes effect at once, and the ledger
/// says so.
/// </summary>
[SuppressMessage(
    "Reliability", "CA1001", Justification = "Lives as long as the node, and its lock has no wait handle.")]
internal sealed class PeopleChanges
{
    public const string Operation = "people.change";

    private readonly Settings _settings;
    private readonly CharterSource _charter;
    private readonly IStore _store;
    private readonly IArchive _archive;
    private readonly byte[] _key;
    private readonly Roster _written;

    // Guards the settling, which a start and every sweep until it succeeds may try.
    private readonly SemaphoreSlim _settling = new(1);
    private volatile Roster? _accepted;
    private volatile bool _isSettled;

    public PeopleChanges(Settings settings, CharterSource charter, IStore store, IArchive archive, byte[] key)
    {
        (_settings, _charter, _store, _archive, _key) = (settings, charter, store, archive, key);
        _written = Roster.Of(settings, key);
    }

    /// <summary>Whether the configuration says something of people that was not accepted.</summary>
    public bool IsProposed => _accepted is { } accepted && new RosterChange(accepted, _written).NeedsApproval;

    /// <summary>
    /// Decides at start who counts. What the store cannot take right now is settled later; nobody has anything by that
    /// before.
    /// </summary>
    /// <exception cref="ConfigurationException">Nobody can say any more who was accepted.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        if (_isSettled)
        {
            return;
        }

        await _settling.WaitAsync(cancellationToken);
        try
        {
            await SettleOnceAsync(cancellationToken);
            _isSettled = true;
        }
        catch (StoreUnavailableException) when (_accepted is not null)
        {
            // What counts is decided without the store; only its entry is missing.
        }
        finally
        {
            _settling.Release();
        }
    }

    /// <summary>Puts the difference to review; asking again at the next start finds the same review.</summary>
    public async Task<ActionId?> ProposeAsync(Proposals proposals, CancellationToken cancellationToken)
    {
        ActionId? asked = null;
        if (_accepted is { } accepted
            && new RosterChange(accepted, _written) is { NeedsApproval: true } change
            && PeopleReview.Of(change, _charter.Current) is { } review)
        {
            var arguments = new CanonicalObject()
                .Add("from", accepted.Hash.Value)
                .Add("added", Roster.ToJson(change.Added))
                .Add("removed", Roster.ToJson(change.Removed));
            var action = CanonicalAction.Of(AgentDesk.Gateway.Name, Operation, arguments.ToCanonicalJson());
            asked = await proposals.AskAsync(
                action, () => review.VerdictUnder(_charter.Current.Policy), review.Preview, cancellationToken);
        }

        await proposals.WithdrawOthersAsync(Operation, asked, cancellationToken);
        return asked;
    }

    /// <summary>What executes an approved change; <c>null</c> for every other action.</summary>
    public ActionExecutor? FindExecutor(ActionRecord action) =>
        action.Asker.Agent == DefinitionDesk.ReservedAgent && action.Action.Operation == Operation
            ? ExecuteAsync
            : null;

    private async Task SettleOnceAsync(CancellationToken cancellationToken)
    {
        var inForce = await _store.FindRosterAsync(cancellationToken);
        if (inForce is null)
        {
            // Nobody, until it is durable who was the first: another node may be faster with others.
            Accept(new Roster([]));
            await RecordAsync((null, default), _written, RosterPayload.First, [], cancellationToken);
            Accept(_written);
            return;
        }

        var before = await ReadAsync(inForce, cancellationToken);
        if (_settings.Changes == ChangesMode.Immediate)
        {
            // Until it is recorded nobody has more than before.
            Accept(before ?? new Roster([]));
            await RecordIfNewAsync((before, inForce.Hash), _written, RosterPayload.Immediate, cancellationToken);
            Accept(_written);
            return;
        }

        var left = before!.With([], new RosterChange(before, _written).AtOnce);
        Accept(left);
        await RecordIfNewAsync((before, inForce.Hash), left, RosterPayload.TakenAway, cancellationToken);
    }

    private void Accept(Roster accepted)
    {
        _accepted = accepted;
        _charter.Put(Registered.Of(accepted, _written, _settings, _key));
    }

    private async Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        if (_accepted is not { } accepted || PeopleReview.Read(action.Action.Arguments) is not { } asked)
        {
            return Failed("This node cannot tell what the change is about. Start again to propose it anew.");
        }

        if (asked.From != accepted.Hash)
        {
            return Failed(
                "Other people were accepted after this change was proposed. Start again to propose it anew.");
        }

        var next = accepted.With(asked.Added, asked.Removed);
        var by = action.Life.Votes.Select(vote => vote.Person).Distinct().ToImmutableArray();
        await RecordAsync((accepted, accepted.Hash), next, RosterPayload.Approved, by, cancellationToken);
        Accept(next);
        await _charter.SettleAsync(_store, cancellationToken);
        return new Outcome(OutcomeState.Succeeded, Result: null, Error: null, TimeSpan.Zero);
    }

    private static Outcome Failed(string why) => new(OutcomeState.Failed, Result: null, why, TimeSpan.Zero);

    /// <summary>The roster in force; <c>null</c> where it is lost and the configuration replaces it anyway.</summary>
    private async Task<Roster?> ReadAsync(RosterInForce inForce, CancellationToken cancellationToken)
    {
        var payload = inForce.Entry is { } entry ? await _archive.ReadPayloadAsync(entry, cancellationToken) : null;
        var roster = payload is { } bytes ? RosterPayload.Read(bytes.Span, inForce.Hash) : null;
        return roster is null && _settings.Changes != ChangesMode.Immediate
            ? throw new ConfigurationException(
                $"The people and agents in force ({inForce.Hash}) are not in the ledger any more. Set 'changes: " +
                "immediate' once to take those of the configuration.")
            : roster;
    }

    private async Task RecordIfNewAsync(
        (Roster? Known, RosterHash Hash) before, Roster after, string how, CancellationToken cancellationToken)
    {
        if (after.Hash != before.Hash)
        {
            await RecordAsync(before, after, how, [], cancellationToken);
        }
    }

    /// <summary>
    /// Commits the change under the roster it was made for. When the acknowledgement is lost the store is asked which
    /// one is in force.
    /// </summary>
    private async Task RecordAsync(
        (Roster? Known, RosterHash Hash) before,
        Roster after,
        string how,
        ImmutableArray<PersonId> by,
        CancellationToken cancellationToken)
    {
        var change = new Change
        {
            NewRoster = after.Hash,
            OnlyUnderRoster = before.Hash,
            Entries = RosterPayload.EntriesOf(before.Known, after, how, by),
        };
        try
        {
            if (await _store.CommitAsync(change, cancellationToken) is CommitResult.Committed)
            {
                return;
            }
        }
        catch (StoreUnavailableException)
        {
            if ((await _store.FindRosterAsync(cancellationToken))?.Hash != after.Hash)
            {
                throw;
            }

            return;
        }

        throw new StoreUnavailableException(
            "Other people came into force meanwhile; nothing was changed. Start again to propose the change anew.");
    }
}
