using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Receipts;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>What every endpoint of the API works with, and what it lets whom see.</summary>
internal sealed class ApiRooms(
    Office office,
    IStore store,
    IArchive archive,
    Func<Charter> charter,
    CardMask mask,
    Authenticate authenticate,
    Func<ActionId, Uri> reviewUrl)
{
    public Gatekeeper Gatekeeper => office.Gatekeeper;

    public PermitDesk Permits => office.Permits;

    public ReviewDesk ReviewDesk => office.ReviewDesk;

    public RehearsalDesk Rehearsals => office.Rehearsals;

    public RevisionDesk Revisions => office.Revisions;

    public PasskeyDesk Passkeys => office.Passkeys;

    public DryRun DryRun => office.DryRun;

    public TokenDesk Tokens => office.Tokens;

    public AgentDesk Agents => office.Agents;

    public ChangeFeed Changes => store.Changes;

    public IArchive Archive => archive;

    public ReceiptMaker Receipts { get; } = new(archive);

    public Func<Charter> Charter => charter;

    public Uri ReviewUrl(ActionId id) => reviewUrl(id);

    public ValueTask<Caller?> AuthenticateAsync(Presented shown, CancellationToken cancellationToken) =>
        authenticate(shown, cancellationToken);

    /// <summary>
    /// The action of the route, if the caller may see it; what is not theirs does not exist for them.
    /// </summary>
    public async Task<ActionRecord?> FindVisibleAsync(HttpContext context, Caller caller) =>
        ActionId.TryParse(context.Request.RouteValues["id"] as string, out var id)
        && await Gatekeeper.FindAsync(id, context.RequestAborted) is { } record
        && MaySee(caller, record)
            ? record
            : null;

    public bool MaySee(Caller caller, ActionRecord record) => caller switch
    {
        Caller.OfAgent agent => agent.Asker == record.Asker,
        Caller.OfPerson person => MaySee(person.Voter.Person, record),
        _ => false,
    };

    public Task<VotingRight> FindRightAsync(
        Voter voter, ActionRecord record, CancellationToken cancellationToken) =>
        ReviewDesk.FindRightAsync(voter.Person, record, cancellationToken);

    /// <summary>
    /// Writes the whole action; an outcome that reaches the asking agent this way counts as delivered.
    /// </summary>
    public async Task WriteActionAsync(HttpContext context, Caller caller, ActionRecord record)
    {
        Spans.Tell(Spans.Current, record);
        // A stopped agent learns what became of its requests, and gets no results.
        var isStopped = caller is Caller.OfAgent agent && Agents.Stopped.Contains(agent.Asker.Agent);
        var known = isStopped || caller is not Caller.OfAgent
            ? record
            : await HandOverAsync(record, context.RequestAborted);
        var favours = await FindFavoursAsync(caller, [record], context.RequestAborted);
        var (shown, view) = ShowTo(caller, known, favours, withResult: !isStopped);
        var json = ActionJson.Write(shown, view);
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (caller is Caller.OfAgent && !isStopped && record.State.HasEnded() && !record.Life.Delivered)
        {
            await Gatekeeper.DeliveredAsync(record, context.RequestAborted);
        }
    }

    /// <summary>A value that no record holds is added to the one answer that counts as its delivery.</summary>
    private async Task<ActionRecord> HandOverAsync(ActionRecord record, CancellationToken cancellationToken) =>
        Tokens.ValueOf(record) is { } value && await Gatekeeper.TryDeliverAsync(record, cancellationToken)
            ? record with { Outcome = record.Outcome! with { Result = value } }
            : record;

    /// <summary>What a person learns of earlier approvals; who approves whose is nothing for agents.</summary>
    public async Task<Favours> FindFavoursAsync(
        Caller caller, IEnumerable<ActionRecord> records, CancellationToken cancellationToken) =>
        caller is Caller.OfPerson ? await ReviewDesk.FindFavoursAsync(records, cancellationToken) : Favours.None;

    /// <summary>The action as its reader sees it: people as on a card, agents as they asked it.</summary>
    public (ActionRecord Record, ActionView View) ShowTo(
        Caller caller, ActionRecord record, Favours favours, bool withResult)
    {
        var view = ViewFor(caller, record, favours, withResult);
        if (caller is Caller.OfAgent)
        {
            return (record, view);
        }

        var shown = mask.Of(record);
        return (shown.Record, view with { Hidden = shown.Hidden });
    }

    /// <summary>The action as its reader sees it, and what a receipt may tell them of it.</summary>
    public (ActionRecord Shown, Disclosure Disclosure) DisclosureTo(Caller caller, ActionRecord record) => caller switch
    {
        Caller.OfAgent agent => (record, Disclosures.ForAgent(Agents.Stopped.Contains(agent.Asker.Agent))),
        _ => (mask.Of(record).Record, Disclosures.ForPerson(mask, record)),
    };

    /// <summary>Records that a person takes everything along, also what cards hide.</summary>
    public Task<RevealAnswer> RevealAsync(
        ActionRecord record, Voter voter, string reason, CancellationToken cancellationToken) =>
        office.Reveals.RevealAsync(
            record.Id,
            voter,
            new RevealWish(record.Action.Digest, reason, mask.Of(record).Hidden) { Export = "receipt" },
            cancellationToken);

    private ActionView ViewFor(Caller caller, ActionRecord record, Favours favours, bool withResult) => new()
    {
        Right = caller is Caller.OfPerson person
            ? ReviewDesk.RightOf(person.Voter.Person, record, favours)
            : null,
        Owed = ReviewDesk.OwedFor(record, favours),
        Owner = charter().People.Find(record.Asker.Agent)?.Owner.ToString(),
        Tallies = ReviewDesk.TalliesOf(record),
        Url = reviewUrl(record.Id),
        WithResult = withResult,
    };

    private bool MaySee(PersonId person, ActionRecord record)
    {
        var today = charter();

        // A target that left the configuration took its setting along: in doubt it was restricted.
        var target = today.Targets.GetValueOrDefault(record.Action.Target);
        return target is { VisibleToReviewersOnly: false }
            || ReviewDesk.Concerns(person, record)
            || target?.Reviewers is { } reviewers && today.People.MembersOf(reviewers).Contains(person);
    }
}
