using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core.Receipts;

/// <summary>
/// Steps 4 to 12: goes through the entries of an action in the order of the log and asks at each whether it may follow
/// the ones before. It knows the life of an action from the outside only: what people decided about which bytes, and
/// what was done after that.
/// </summary>
internal sealed class ReceiptWalk(
    Findings findings, ActionId action, LogOrigin origin, ImmutableArray<SaidEntry> entries)
{
    private readonly SupportingEntries _supporting = new(findings, action, entries);
    private readonly List<SaidVote> _votes = [];
    private SaidVote? _glass;
    private readonly ExecutionCheck _executions = new(findings);
    private SaidRequest? _request;
    private int _revision = 1;
    private Phase _phase = Phase.Start;

    private enum Phase
    {
        Start,
        Pending,
        Approved,
        Executing,
        Ended,
    }

    public void Run()
    {
        foreach (var entry in entries)
        {
            if (entry.Leaf.Subject is { } subject && subject.Action == action)
            {
                CheckRevision(entry, subject.Number);
                Take(entry);
            }
            else if (entry.Type == EntryType.AgentStopped && _supporting.Ends(entry))
            {
                End(entry, $"the agent was stopped: {entry.Text("reason")}", Phase.Pending, Phase.Approved);
            }
        }

        _supporting.CheckNoneIsStray();
        CheckEnd();
    }

    private void Take(SaidEntry entry)
    {
        switch (entry.Type)
        {
            case EntryType.ActionRequested:
            case EntryType.ActionRefused:
            case EntryType.ActionExecuted:
                OnRequest(entry);
                break;
            case EntryType.ReviewOpened:
                OnOpened(entry);
                break;
            case EntryType.ReviewModified:
                OnModified(entry);
                break;
            case EntryType.ReviewVote:
                OnVote(entry);
                break;
            case EntryType.BreakGlassUsed:
                OnGlass(entry);
                break;
            case EntryType.ReviewDecided:
                OnDecided(entry);
                break;
            case EntryType.ReviewExpired:
            case EntryType.ActionWithdrawn:
                End(entry, entry.Text("reason"), Phase.Pending, Phase.Approved);
                break;
            case EntryType.ExecutionIntent:
                OnIntent(entry);
                break;
            case EntryType.ExecutionOutcome:
                OnOutcome(entry);
                break;
            case EntryType.ExportIssued:
                findings.Tell($"{entry.At:u}  {entry.Text("person")} was shown what cards hide: " +
                    $"{entry.Text("reason")}");
                break;
            default:
                Misplaced(entry);
                break;
        }
    }

    private void OnRequest(SaidEntry entry)
    {
        Expect(entry, Phase.Start);
        _request = ReadRequest(entry);
        var outcome = _request.Verdict.Outcome;
        var expected = entry.Type switch
        {
            EntryType.ActionRefused => outcome == VerdictOutcome.Deny,
            EntryType.ActionExecuted => outcome == VerdictOutcome.Allow,
            _ => outcome != VerdictOutcome.Deny,
        };
        if (!expected)
        {
            findings.Question(
                Doubt.VerdictDiffers,
                $"Entry {entry.Index} is {entry.Type.ToText()}, and its verdict says {outcome.ToText()}.");
        }

        _phase = (entry.Type, outcome) switch
        {
            (EntryType.ActionRefused or EntryType.ActionExecuted, _) => Phase.Ended,
            (_, VerdictOutcome.Require) => Phase.Pending,
            _ => Phase.Approved,
        };
        if (entry.Type == EntryType.ActionExecuted)
        {
            _executions.Inline(entry);
        }
        else if (_phase == Phase.Approved)
        {
            _executions.Allow(entry, GrantTerms.Default);
        }
    }

    private SaidRequest ReadRequest(SaidEntry entry)
    {
        var request = new SaidRequest(entry);
        if (request.ComputeDigest() != request.Digest)
        {
            findings.Question(
                Doubt.DigestDiffers,
                $"Entry {entry.Index} says digest {request.Digest}; target, operation and arguments have "
                + $"{request.ComputeDigest()}.");
        }

        findings.Prove(3, $"Revision {_revision} has the digest {request.Digest}.");
        RequestStory.Tell(findings, request, _revision);
        return request;
    }

    private void OnOpened(SaidEntry entry)
    {
        Expect(entry, Phase.Pending);
        TakeCard(entry);
        findings.Tell(entry.Said.TryGetProperty("dry_run", out var run)
            ? $"{entry.At:u}  dry run for {run.GetProperty("person").GetString()}"
            : $"{entry.At:u}  people were asked");
    }

    private void OnModified(SaidEntry entry)
    {
        Expect(entry, Phase.Pending);
        _revision++;
        _votes.Clear();
        _glass = null;
        _request = ReadRequest(entry);
        if (entry.Said.TryGetProperty("card", out _))
        {
            TakeCard(entry);
        }
        else
        {
            findings.Leave(3, $"What people were shown of revision {_revision}: an earlier version recorded it.");
        }
    }

    private void TakeCard(SaidEntry entry)
    {
        if (!_request!.TakeCard(entry.Said.GetProperty("card")))
        {
            findings.Question(
                Doubt.CardDiffers, $"The card of entry {entry.Index} shows something else than what was asked.");
        }
    }

    private void OnVote(SaidEntry entry)
    {
        if (entry.OptionalText("refused") is { } refused)
        {
            var who = entry.OptionalText("person") ?? $"agent {entry.Text("agent")}";
            findings.Tell($"{entry.At:u}  {who} tried to approve and was refused ({refused}): counts for nothing");
            return;
        }

        var vote = TakeVote(entry);
        var comment = entry.OptionalText("comment");
        findings.Tell(
            $"{entry.At:u}  {vote.Name}: {vote.Decision.ToText()} ({vote.Assurance.ToText()}, {vote.Label})"
            + (comment is null ? "" : $": {comment}"));
        _votes.Add(vote);
    }

    /// <summary>One person alone, in place of all who were asked: signed like any vote, and counted as none.</summary>
    private void OnGlass(SaidEntry entry)
    {
        _glass = TakeVote(entry);
        findings.Tell(
            $"{entry.At:u}  {_glass.Person} broke the glass ({_glass.Label}), with the codes of "
            + $"{string.Join(", ", entry.Texts("custodians"))}: {entry.Text("comment")}");
    }

    private SaidVote TakeVote(SaidEntry entry)
    {
        Expect(entry, Phase.Pending);
        var vote = new SaidVote(entry);
        if (vote.Digest != _request!.Digest)
        {
            findings.Question(
                Doubt.IntentDiffers,
                $"The vote of {vote.Person} in entry {entry.Index} is about digest {vote.Digest}, and the revision has "
                + $"{_request.Digest}.");
        }

        new SignedVoteCheck(findings, _supporting).Check(vote, ExpectedStatement(vote));
        return vote;
    }

    private StatementExpectation ExpectedStatement(SaidVote vote) => new(
        origin.Value, action, _revision, _request!.Digest, _request.CardDigest, _request.Verdict.Policy.Value, vote);

    private void OnDecided(SaidEntry entry)
    {
        Expect(entry, Phase.Pending);
        var state = entry.Text("state");
        findings.Tell($"{entry.At:u}  {state}: {entry.Text("reason")}");
        if (state == "denied")
        {
            if (_votes.LastOrDefault() is not { Approves: false } denial)
            {
                findings.Question(Doubt.TooFewVotes, $"Entry {entry.Index} says denied, and nobody denied it.");
            }
            else
            {
                findings.Prove(11, $"{denial.Person} denied it.");
            }

            _phase = Phase.Ended;
            return;
        }

        _phase = Phase.Approved;
        if (_glass is { } glass)
        {
            findings.Question(
                Doubt.TooFewVotes,
                $"{glass.Person} let it through alone by breaking the glass: nobody who was asked approved it. The "
                + "review of it is an action of its own; ask for its receipt.");
            _executions.Allow(entry, new GrantTerms(Uses: 1, glass.Entry.Time("until") - entry.At));
            return;
        }

        new VoteCount(findings, _request!, _votes).Check(entry);
        var terms = _request!.Verdict.Requirements.Select(requirement => requirement.Grant).ToList();
        _executions.Allow(entry, terms.Count == 0 ? GrantTerms.Default : new GrantTerms(
            terms.Min(term => term.Uses), terms.Min(term => term.TimeToLive)));
    }

    private void OnIntent(SaidEntry entry)
    {
        Expect(entry, Phase.Approved, Phase.Executing);
        if (_phase == Phase.Executing)
        {
            _executions.Evidence(entry);
            return;
        }

        _executions.Begin(entry, _request!.Digest, _request.Verdict.Policy.Value);
        _phase = Phase.Executing;
    }

    private void OnOutcome(SaidEntry entry)
    {
        Expect(entry, Phase.Executing);
        _phase = _executions.Complete(entry) ? Phase.Approved : Phase.Ended;
    }

    private void End(SaidEntry entry, string reason, params ReadOnlySpan<Phase> from)
    {
        Expect(entry, from);
        findings.Tell($"{entry.At:u}  {entry.Type.ToText()}: {reason}");
        _executions.GiveUp();
        _phase = Phase.Ended;
    }

    private void CheckEnd()
    {
        switch (_phase)
        {
            case Phase.Executing:
                findings.Question(
                    Doubt.OutcomeMissing,
                    "Something was begun, and the receipt does not say what came of it. Ask for a newer receipt.");
                break;
            case Phase.Ended:
            case Phase.Approved when _executions.HasOutcome:
                _executions.TellEnd();
                break;
            default:
                findings.Question(
                    Doubt.NotEnded, "The action had not ended when this receipt was made. Ask for a newer one.");
                break;
        }
    }

    private void CheckRevision(SaidEntry entry, int number)
    {
        var expected = entry.Type == EntryType.ReviewModified ? _revision + 1 : _revision;
        if (number != expected)
        {
            findings.Question(
                Doubt.OutOfOrder, $"Entry {entry.Index} is about revision {number} where {expected} stands.");
        }
    }

    private void Expect(SaidEntry entry, params ReadOnlySpan<Phase> phases)
    {
        if (!phases.Contains(_phase))
        {
            Misplaced(entry);
        }

        if (_request is null && entry.Type is not (
            EntryType.ActionRequested or EntryType.ActionRefused or EntryType.ActionExecuted))
        {
            throw new FormatException($"entry {entry.Index} comes before anything was asked.");
        }
    }

    private void Misplaced(SaidEntry entry) => findings.Question(
        Doubt.OutOfOrder,
        $"Entry {entry.Index} ({entry.Type.ToText()}) cannot follow what is recorded before it.");
}
