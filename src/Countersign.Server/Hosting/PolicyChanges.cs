using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>
/// Brings the policy of the files into force (DESIGN section 6.1). The first one is taken as it is. Later a changed
/// file is a proposal: the old policy stays in force until people with the role admin approve the change like any
/// action. With
/// <c>changes: immediate</c> it takes effect at once, and the ledger says so.
/// </summary>
internal sealed class PolicyChanges(Settings settings, CharterSource charter, IStore store, IArchive archive)
{
    /// <summary>The gateway itself as a target: what is asked of it are changes of its own rules.</summary>
    public static readonly TargetName Gateway = AgentDesk.Gateway.Name;

    /// <summary>Known to the charter, so that people see what is asked of it; no agent is admitted to it.</summary>
    public static readonly Target Target = AgentDesk.Gateway;

    /// <summary>
    /// How soon is too soon for an earlier policy to come back: somebody may have changed it to do one thing, and
    /// changed it back so that nobody notices.
    /// </summary>
    public static readonly TimeSpan RevertTime = TimeSpan.FromHours(48);

    private const string Operation = "policy.change";
    private static readonly RuleId Rule = new("policy-changed");
    private static readonly TimeSpan ReviewTime = TimeSpan.FromDays(7);

    /// <summary>
    /// Whether the files hold another policy than the one in force, and people have to decide about it.
    /// </summary>
    public bool IsProposed { get; private set; }

    /// <summary>Decides at start which policy is in force, before anything can be asked.</summary>
    /// <exception cref="ConfigurationException">The policy in force does not load any more.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        var proposed = charter.Current.Policy;
        var before = await store.FindPolicyAsync(cancellationToken);
        if (before is null)
        {
            await RecordAsync(PayloadFor(from: null, PolicyPayload.First), proposed, cancellationToken);
            charter.NoteAccepted(PolicyPayload.First);
        }
        else if (before.Hash != proposed && settings.Changes == ChangesMode.Immediate)
        {
            await RecordAsync(PayloadFor(before.Hash, PolicyPayload.Immediate), proposed, cancellationToken);
            charter.NoteAccepted(PolicyPayload.Immediate);
        }
        else if (await ReadPayloadAsync(before, cancellationToken) is { } inForce)
        {
            charter.Put(inForce.Files, inForce.AuthorIds, inForce.How);
            IsProposed = before.Hash != proposed;
        }
    }

    /// <summary>Puts the changed files to review; asking again at the next start finds the same review.</summary>
    public async Task<ActionId?> ProposeAsync(Proposals proposals, CancellationToken cancellationToken)
    {
        var admins = charter.Current.People.Persons
            .Where(person => person.IsAdmin).Select(person => person.Id).ToList();
        var asked = IsProposed && admins.Count > 0
            ? await proposals.AskAsync(
                CanonicalAction.Of(Gateway, Operation, ArgumentsOf()),
                () => VerdictFor(admins),
                preview: null,
                cancellationToken)
            : null;
        await proposals.WithdrawOthersAsync(Operation, asked, cancellationToken);
        return asked;
    }

    /// <summary>What executes an approved change; <c>null</c> for every other action.</summary>
    public ActionExecutor? FindExecutor(ActionRecord action) =>
        action.Asker.Agent == DefinitionDesk.ReservedAgent && action.Action.Operation == Operation
            ? ExecuteAsync
            : null;

    private async Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        var (from, files) = ProposalOf(action.Action.Arguments);
        if (from != charter.Current.Policy)
        {
            // Another change came in between: this one was approved as a step from a policy that is gone.
            return new Outcome(
                OutcomeState.Failed,
                Result: null,
                "Another policy came into force after this change was proposed. Start again to propose the files anew.",
                TimeSpan.Zero);
        }

        if (Policy.Load(files, charter.Current.People) is not PolicyLoad.Loaded loaded)
        {
            return new Outcome(
                OutcomeState.Failed, null, "The approved policy does not load with today's people.", TimeSpan.Zero);
        }

        var authors = action.Life.Votes.Select(vote => vote.Person.Value).ToImmutableArray();
        var payload = new PolicyPayload(
            charter.Current.Policy.Value, loaded.Policy.Hash.Value, PolicyPayload.Approved, authors, files);
        await RecordAsync(payload, loaded.Policy.Hash, cancellationToken);
        charter.Put(files, payload.AuthorIds, payload.How);
        IsProposed = false;
        return new Outcome(OutcomeState.Succeeded, Result: null, Error: null, TimeSpan.Zero);
    }

    private async Task<PolicyPayload?> ReadPayloadAsync(PolicyInForce inForce, CancellationToken cancellationToken) =>
        inForce.Entry is { } entry && await archive.ReadPayloadAsync(entry, cancellationToken) is { } bytes
            ? PolicyPayload.Parse(bytes.Span)
            : throw new ConfigurationException(
                $"The files of the policy in force ({inForce.Hash}) are not in the ledger any more. Set 'changes: " +
                "immediate' once to take the policy of the files.");

    private PolicyPayload PayloadFor(PolicyHash? from, string how) =>
        new(from?.Value, charter.Current.Policy.Value, how, Authors: [], settings.Policies);

    /// <summary>
    /// Commits the change under the policy it was made for. When the acknowledgement is lost the store is asked which
    /// policy is in force: a node that went on under another one could decide nothing.
    /// </summary>
    private async Task RecordAsync(PolicyPayload payload, PolicyHash hash, CancellationToken cancellationToken)
    {
        payload = payload with
        {
            Reverts = await store.FindReplacedAsync(hash, store.Now - RevertTime, cancellationToken),
        };
        var change = new Change
        {
            NewPolicy = hash,
            OnlyUnderPolicy = payload.From is { } from ? PolicyHash.Parse(from) : null,
            Entries = [new EntryDraft(EntryType.PolicyChanged, Action: null, Revision: 0, payload.ToBytes())],
            Outbox = payload.Reverts is null
                ? []
                : [
                    .. settings.Channels.Names.Select(
                        channel => new OutboxDraft(channel, Action: null, Revision: 0, "policy-reverted")),
                ],
        };
        try
        {
            if (await store.CommitAsync(change, cancellationToken) is CommitResult.Committed)
            {
                return;
            }
        }
        catch (StoreUnavailableException)
        {
            if ((await store.FindPolicyAsync(cancellationToken))?.Hash != hash)
            {
                throw;
            }

            return;
        }

        throw new StoreUnavailableException(
            "Another policy came into force meanwhile; nothing was changed. Start again to propose the files anew.");
    }

    private CanonicalJson ArgumentsOf() => new CanonicalObject()
        .Add("from", charter.Current.Policy.Value)
        .Add("files", CanonicalJson.ArrayOf(settings.Policies.Select(file =>
            new CanonicalObject().Add("name", file.Name).Add("text", file.Text).ToCanonicalJson())))
        .ToCanonicalJson();

    private static (PolicyHash From, ImmutableArray<PolicyText> Files) ProposalOf(CanonicalJson arguments)
    {
        using var document = JsonDocument.Parse(arguments.Bytes);
        return (
            PolicyHash.Parse(document.RootElement.GetProperty("from").GetString()!),
            [
                .. document.RootElement.GetProperty("files").EnumerateArray().Select(file => new PolicyText(
                    file.GetProperty("name").GetString()!, file.GetProperty("text").GetString()!)),
            ]);
    }

    private Verdict VerdictFor(List<PersonId> admins)
    {
        const string reason = "The policy files changed. The policy that was in force stays until an admin approves.";
        var requirement = new Requirement(
            Rule,
            reason,
            [new Stage([.. admins.Select(id => new Party.OfPerson(id))], Need: 1, ReviewTime, Escalate: [])],
            Assurance.Token,
            DistinctFrom: [],
            Bounds.None,
            GrantTerms.Default);
        return new Verdict(
            VerdictOutcome.Require, [new MatchedRule(Rule, reason)], [requirement], charter.Current.Policy);
    }
}
