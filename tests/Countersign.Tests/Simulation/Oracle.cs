using System.Globalization;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Support;

namespace Countersign.Tests.Simulation;

/// <summary>
/// Joins what the target saw, what people said and what the store holds, and names every invariant that does not hold
/// (I and L as in the list of guarantees).
/// </summary>
internal sealed class Oracle
{
    private readonly List<Effect> _effects = [];
    private readonly List<string> _breaches = [];
    private readonly Dictionary<ActionId, HashSet<PersonId>> _approvals = [];
    private readonly HashSet<ActionId> _denied = [];
    private readonly Dictionary<string, ActionId> _keys = [];
    private ulong _journal = 14695981039346656037;

    public MemoryStore Durable { get; set; } = null!;

    public IReadOnlyList<string> Breaches => _breaches;

    public int Effects => _effects.Count;

    public int Votes { get; private set; }

    /// <summary>A fingerprint of everything that happened, in order.</summary>
    public string Journal => _journal.ToString("x16", CultureInfo.InvariantCulture);

    public void Note(string what)
    {
        foreach (var character in what)
        {
            _journal = (_journal ^ character) * 1099511628211;
        }
    }

    public void OnEffect(Effect effect)
    {
        Note($"effect {effect.Id} {effect.Fence}");
        var row = Durable.Actions.SingleOrDefault(row => row.Id == effect.Id);
        var intents = Durable.Entries.Count(
            entry => entry.Action == effect.Id && entry.Type == EntryType.ExecutionIntent);
        Require(row is not null, "I9", $"{effect.Id} was sent and is not recorded");
        Require(intents >= effect.Fence, "I9", $"{effect.Id} was sent before its intent was durable");
        Require(!_effects.Any(e => e.Id == effect.Id && e.Fence == effect.Fence), "I2", $"{effect.Id} was sent twice");
        Require(row?.Digest == effect.Digest, "I3", $"{effect.Id} was sent with another digest than recorded");
        Require(!_denied.Contains(effect.Id), "I6", $"{effect.Id} was sent and had been denied");
        var need = Cast.PersonsIn(RecordOf(effect.Id).Verdict);
        Require(ApproversOf(effect.Id) >= need, "I1", $"{effect.Id} was sent with fewer than {need} approvals");
        _effects.Add(effect);
    }

    /// <summary>A claim has become durable while a policy is in force.</summary>
    public void OnClaim(ActionId id, int policy)
    {
        Note($"claim {id}");
        var record = RecordOf(id);
        var stop = Durable.FindStopAsync(record.Asker.Agent, CancellationToken.None).Result;
        Require(stop is null, "I20", $"{id} was claimed while {record.Asker.Agent} was stopped");
        if (IsGateways(record))
        {
            return;
        }

        var need = Cast.NeededUnder(policy, record.Action.Operation);
        Require(ApproversOf(id) >= need, "I11", $"{id} was claimed when policy {policy} asked for {need} approvals");
    }

    /// <summary>
    /// A vote is on its way. It counts from here on: its effect may be seen before its acknowledgement, or the latter
    /// get lost.
    /// </summary>
    public void OnVoteSent(ActionId id, PersonId person, Decision decision)
    {
        Votes++;
        if (decision == Decision.Approve && person != Cast.Olga)
        {
            if (!_approvals.TryGetValue(id, out var persons))
            {
                _approvals.Add(id, persons = []);
            }

            persons.Add(person);
        }
    }

    public void OnVoteRecorded(ActionRecord record, PersonId person, Decision decision)
    {
        Note($"vote {record.Id} {person} {decision}");
        var isOwn = decision == Decision.Approve && person == Cast.Olga && !IsGateways(record);
        Require(!isOwn, "I4", $"{person} approved {record.Id} and owns the agent");
        if (decision == Decision.Deny)
        {
            _denied.Add(record.Id);
            Require(_effects.All(effect => effect.Id != record.Id), "I6", $"{record.Id} was denied after it had run");
        }
    }

    /// <summary>A request with a key was answered with an action.</summary>
    public void OnAnswer(string? key, ActionRecord record)
    {
        Note($"answer {record.Id} {record.State}");
        if (key is null || record.State == ActionState.Superseded)
        {
            return;
        }

        // A superseded action gives its key to the one that starts again.
        if (_keys.TryGetValue(key, out var known) && known != record.Id)
        {
            var earlier = Durable.Actions.Single(row => row.Id == known);
            Require(earlier.State == ActionState.Superseded, "I17", $"key {key} stands for {known} and {record.Id}");
        }

        _keys[key] = record.Id;
    }

    /// <summary>What has to hold when everything is quiet again.</summary>
    public void OnQuiet()
    {
        foreach (var row in Durable.Actions)
        {
            var sent = _effects.Count(effect => effect.Id == row.Id);
            var entries = Durable.Entries.Where(entry => entry.Action == row.Id).ToList();
            var intents = entries.Count(entry => entry.Type == EntryType.ExecutionIntent);
            var outcomes = entries.Count(entry => entry.Type == EntryType.ExecutionOutcome);
            Require(row.State.HasEnded(), "L1", $"{row.Id} is still {row.State}");
            Require(intents == row.Fence, "I14", $"{row.Id} was claimed {row.Fence} times with {intents} intents");
            Require(outcomes == intents, "I14", $"{row.Id} has {intents} intents and {outcomes} outcomes");
            Require(sent <= intents, "I2", $"{row.Id} was sent {sent} times for {intents} intents");
            Require(
                row.State is not (ActionState.Denied or ActionState.Refused or ActionState.Withdrawn) || sent == 0,
                "I1",
                $"{row.Id} is {row.State} and was sent");
            if (IsGateways(RecordOf(row.Id)))
            {
                CheckResumption(row.Id);
                continue;
            }

            Require(
                row.State != ActionState.Succeeded || sent > 0, "I18", $"{row.Id} succeeded and was never sent");
            CheckOutcome(row.Id, sent);
        }
    }

    /// <summary>Whether it is the end of a stop, which the gateway asks for and executes itself.</summary>
    private static bool IsGateways(ActionRecord record) => record.Asker.Agent == DefinitionDesk.ReservedAgent;

    private void CheckResumption(ActionId id)
    {
        var record = RecordOf(id);
        var persons = record.Life.Votes
            .Where(vote => vote.Decision == Decision.Approve).Select(vote => vote.Person).ToHashSet();
        var agreed = persons.Count >= 2 && persons.Any(person => person != Cast.Olga);
        Require(
            agreed || !Durable.Entries.Any(entry => entry.Action == id && entry.Type == EntryType.AgentChanged),
            "I20",
            $"{id} lifted a stop that {persons.Count} persons wanted lifted");
    }

    private int ApproversOf(ActionId id) => _approvals.GetValueOrDefault(id)?.Count ?? 0;

    private ActionRecord RecordOf(ActionId id) =>
        ActionRecord.Of(Durable.FindAsync(id, CancellationToken.None).Result!);

    private void CheckOutcome(ActionId id, int sent)
    {
        var record = RecordOf(id);
        var saysNothing = record.Outcome?.Error?.StartsWith("Nothing was sent", StringComparison.Ordinal) == true;
        Require(!saysNothing || sent < record.Life.Fence, "I18", $"{id} is reported as not sent, and was");
    }

    private void Require(bool holds, string invariant, string what)
    {
        if (!holds)
        {
            _breaches.Add($"{invariant}: {what}");
        }
    }
}
