using System.Diagnostics;
using System.Net.Mime;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Parts;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>The page of one action, and the form on it.</summary>
internal sealed class ActionEndpoints(
    ActionLookup lookup,
    ReviewDesk desk,
    RehearsalDesk rehearsals,
    RevisionForms revisions,
    AgentDesk agents,
    PasskeyDesk passkeys,
    CardMask mask,
    RevealDesk reveals,
    BreakGlassDesk glass,
    IStore store,
    PageWriter pages,
    ILogger<ActionEndpoints> logger)
{
    public async Task ShowAsync(Visit visit)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await WriteMissingAsync(visit.Context);
            return;
        }

        var notice = visit.TakeNotice(AddressOf(record.Id));
        var view = (await ComposerAsync(visit, record) with { Notice = notice }).Compose(mask.Of(record), record);
        var frame = Frames.For(view.Headline, visit) with
        {
            Events = $"/console/events?action={record.Id}",
            Fragment = $"/console/fragments/actions/{record.Id}",
        };
        await pages.WritePageAsync<ActionPage>(visit.Context, 200, frame, view);
    }

    public async Task ShowFragmentAsync(Visit visit)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await WriteMissingAsync(visit.Context);
            return;
        }

        await pages.WritePartAsync<ReviewCard>(visit.Context, new Dictionary<string, object?>
        {
            ["View"] = (await ComposerAsync(visit, record)).Compose(mask.Of(record), record),
            ["FormToken"] = visit.Session.FormToken,
        });
    }

    /// <summary>
    /// The bytes behind the digest, for whoever wants to compute it: what no screen can misrepresent.
    /// </summary>
    public async Task DownloadAsync(Visit visit)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await WriteMissingAsync(visit.Context);
            return;
        }

        if (mask.Of(record).HidesSomething)
        {
            await pages.WriteMessageAsync(
                visit.Context, 403, "Values are hidden", "The canonical bytes hold values that the card hides. " +
                "Reveal them on the page of the action, with a reason; the ledger says who saw them.");
            return;
        }

        var document = new CanonicalObject()
            .Add("target", record.Action.Target.Value)
            .Add("operation", record.Action.Operation)
            .Add("arguments", record.Action.Arguments)
            .ToCanonicalJson();
        var response = visit.Context.Response;
        response.ContentType = MediaTypeNames.Application.Json;
        response.Headers.ContentDisposition = $"attachment; filename=\"{record.Id}.{record.Life.Revision}.json\"";
        await response.BodyWriter.WriteAsync(document.Bytes, visit.Aborted);
    }

    /// <summary>Takes an answer to the review desk and shows what became of it: only after it is durable.</summary>
    public async Task VoteAsync(Visit visit, IFormCollection form)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await WriteMissingAsync(visit.Context);
            return;
        }

        if (BallotForm.Read(form) is not { } ballot)
        {
            await pages.WriteMessageAsync(
                visit.Context, 400, "Unreadable form", "The form names no decision or no digest. Open the page again.");
            return;
        }

        if (BallotForm.WhyNot(form, ballot, record) is { } missing)
        {
            visit.SendTo(new Notice(AddressOf(record.Id), Recorded: false, missing));
            return;
        }

        var answer = await desk.VoteAsync(record.Id, visit.Voter, ballot, visit.Aborted);
        var notice = await NoticeOfAsync(visit, record.Id, ballot, answer);
        Log.Answered(logger, visit.Person.Id, record.Id, notice.Recorded ? ballot.Decision.ToText() : "not recorded");
        visit.SendTo(notice);
    }

    /// <summary>Has the action run and taken back, and shows what came of it.</summary>
    public async Task RehearseAsync(Visit visit, IFormCollection form)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await WriteMissingAsync(visit.Context);
            return;
        }

        if (!ActionDigest.TryParse(form["digest"], out var digest))
        {
            await pages.WriteMessageAsync(
                visit.Context, 400, "Unreadable form", "The form names no digest. Open the page again.");
            return;
        }

        visit.SendTo(await rehearsals.AskAsync(record.Id, visit.Voter, digest, visit.Aborted) switch
        {
            RehearsalAnswer.Done done => new Notice(
                AddressOf(record.Id),
                Recorded: true,
                "It ran and was rolled back; what came of it stands on the card. " +
                $"It is in the ledger as entry {done.Record.Ledger.Index}."),
            RehearsalAnswer.Impossible impossible => new Notice(
                AddressOf(record.Id), Recorded: false, $"Nothing was run. {impossible.Why}"),
            RehearsalAnswer.Refused refused => new Notice(
                AddressOf(record.Id),
                Recorded: false,
                await WhyNotAsync(visit, refused.Why, refused.Record)),
            _ => new Notice(AddressOf(record.Id), Recorded: false, "The action does not exist any more."),
        });
    }

    /// <summary>
    /// Shows what is hidden, in this one answer and to this person; that they asked is recorded before.
    /// </summary>
    public async Task RevealAsync(Visit visit, IFormCollection form)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await WriteMissingAsync(visit.Context);
            return;
        }

        if (!ActionDigest.TryParse(form["digest"], out var digest))
        {
            await pages.WriteMessageAsync(
                visit.Context, 400, "Unreadable form", "The form names no digest. Open the page again.");
            return;
        }

        var wish = new RevealWish(digest, FormText.Of(form, "reason"), mask.Of(record).Hidden);
        switch (await reveals.RevealAsync(record.Id, visit.Voter, wish, visit.Aborted))
        {
            case RevealAnswer.Done done:
                var bare = new ShownAction(done.Record, RedactionReport.Empty);
                var composer = await ComposerAsync(visit, done.Record) with
                {
                    Notice = new NoticeView(
                        Recorded: true,
                        $"Nothing is hidden on this page, once. That you saw it is entry {done.Entry} of the ledger."),
                };
                var view = composer.Compose(bare, done.Record);
                await pages.WritePageAsync<ActionPage>(visit.Context, 200, Frames.For(view.Headline, visit), view);
                return;
            case RevealAnswer.Refused refused:
                visit.SendTo(new Notice(AddressOf(record.Id), Recorded: false, refused.Why));
                return;
            default:
                throw new UnreachableException();
        }
    }

    public Task WriteMissingAsync(HttpContext context) => pages.WriteMessageAsync(
        context, 404, "Not found", "There is no such page, or it is not for you. The list of reviews shows what is.");

    private async Task<CardComposer> ComposerAsync(Visit visit, ActionRecord record)
    {
        var favours = await desk.FindFavoursAsync([record], visit.Aborted);
        return new(visit.Charter, visit.Voter, desk.RightOf(visit.Person.Id, record, favours), store.Now)
        {
            Owed = desk.OwedFor(record, favours),
            MayRehearse = rehearsals.MayAsk(visit.Person.Id, record),
            MayBreakGlass = glass.MayBreak(visit.Person.Id, record),
            MayReveal = reveals.MayReveal(visit.Person.Id, record),
            Editable = revisions.MayModify(visit.Voter, record) ? revisions.EditableOf(visit.Voter, record) : null,
            IsFirst = record.WasHeld ? await lookup.IsFirstAsync(record, visit.Aborted) : null,
            // The gateway asks for things too, and is no agent that anybody could stop.
            MayStopAgent = visit.Charter.People.Find(record.Asker.Agent) is not null
                && agents.MayStop(visit.Person.Id, record.Asker.Agent),
            PasskeyOrigin = await PasskeyOriginAsync(visit, record),
        };
    }

    private async Task<string?> PasskeyOriginAsync(Visit visit, ActionRecord record) =>
        record.State == ActionState.Pending
        && passkeys.Party is { } party
        && !(await passkeys.ListAsync(visit.Person.Id, visit.Aborted)).IsEmpty
            ? party.Origins[0]
            : null;

    private static string AddressOf(ActionId id) => $"/console/actions/{id}";

    private async Task<Notice> NoticeOfAsync(
        Visit visit, ActionId id, Ballot ballot, DeskAnswer answer) => answer switch
    {
        DeskAnswer.Recorded recorded => new Notice(
            AddressOf(id), Recorded: true, RecordedText(ballot.Decision, recorded.Record)),
        DeskAnswer.Refused refused => new Notice(
            AddressOf(id),
            Recorded: false,
            await WhyNotAsync(visit, refused.Why, refused.Record)),
        DeskAnswer.Unproven unproven => new Notice(
            AddressOf(id), Recorded: false, $"Your signature does not count: {unproven.Why}"),
        _ => new Notice(AddressOf(id), Recorded: false, "The action does not exist any more."),
    };

    private async Task<string> WhyNotAsync(Visit visit, StepRefusal why, ActionRecord record) =>
        Words.Of(why, record, await desk.FindRightAsync(visit.Person.Id, record, visit.Aborted));

    private static string RecordedText(Decision decision, ActionRecord record)
    {
        var entry = $"It is in the ledger as entry {record.Ledger.Index}.";
        return decision == Decision.Deny
            ? $"Your denial is recorded. {entry}"
            : record.State == ActionState.Pending
                ? $"Your approval is recorded; more are needed. {entry}"
                : $"Your approval is recorded, and the review is approved. {entry}";
    }
}
