using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// Changing what an action asks for. What is typed is compared with what stands, and what was compared is saved when it
/// comes back unchanged; until then nothing is recorded, and each page carries along what was typed.
/// </summary>
internal sealed class RevisionEndpoints(
    ActionEndpoints actions, ActionLookup lookup, RevisionForms revisions, CardMask mask, PageWriter pages)
{
    private const string Saved =
        "It is a new revision, and its reviewers are asked about it. You cannot approve it any more.";

    public async Task TakeAsync(Visit visit, IFormCollection form)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await actions.WriteMissingAsync(visit.Context);
            return;
        }

        if (!ActionDigest.TryParse(form["digest"], out var digest))
        {
            await pages.WriteMessageAsync(
                visit.Context, 400, "Unreadable form", "The form names no digest. Open the page again.");
            return;
        }

        var written = new RevisionForm(
            digest,
            form.ContainsKey("statement") ? FormText.Of(form, "statement") : null,
            FormText.Of(form, "json"),
            FormText.Of(form, "comment").Trim());
        var step = form["step"] == "edit"
            ? new RevisionStep.Edited(null)
            : await StepAsync(visit, record, written, form["compared"]);
        if (step is RevisionStep.Recorded)
        {
            visit.SendTo(new Notice($"/console/actions/{record.Id}", Recorded: true, Saved));
            return;
        }

        var view = RevisionComposer.PageOf(mask.Of(record), TypedOf(visit.Voter, record, written)) with
        {
            Digest = digest.Value,
            Compared = (step as RevisionStep.Compared)?.View,
            WhyNot = (step as RevisionStep.Edited)?.WhyNot,
        };
        await pages.WritePageAsync<RevisionPage>(visit.Context, 200, Frames.For(view.Title, visit), view);
    }

    /// <param name="visit">Whose form it is.</param>
    /// <param name="record">The action.</param>
    /// <param name="written">What they typed.</param>
    /// <param name="compared">The digest of what they were shown beside the old; none when they were not.</param>
    private async Task<RevisionStep> StepAsync(
        Visit visit, ActionRecord record, RevisionForm written, string? compared)
    {
        var (asked, whyNot) = await revisions.ReadAsync(record, visit.Voter, written, visit.Aborted);
        if (asked is null)
        {
            return new RevisionStep.Edited(whyNot);
        }

        var revision = written.ToRevision(asked);
        if (compared == asked.Action.Digest.Value)
        {
            return await revisions.ReviseAsync(visit.Voter, record.Id, revision, visit.Aborted) is { } refusal
                ? new RevisionStep.Edited(refusal)
                : new RevisionStep.Recorded();
        }

        var (foreseen, problem) = await revisions.ForeseeAsync(visit.Voter, record.Id, revision, visit.Aborted);
        return foreseen is null
            ? new RevisionStep.Edited(problem)
            : new RevisionStep.Compared(RevisionComposer.ComparedOf(
                mask.Of(record), mask.OfForeseen(foreseen.Revised), foreseen, written.Comment));
    }

    private ReviseView TypedOf(Voter voter, ActionRecord record, RevisionForm written) =>
        new(written.Statement, written.Json)
        {
            Comment = written.Comment,
            Warning = revisions.WarningOf(voter, record),
        };
}

/// <summary>What a form with changed arguments leads to.</summary>
internal abstract record RevisionStep
{
    private RevisionStep()
    {
    }

    /// <summary>Back to what was typed, with what speaks against it.</summary>
    public sealed record Edited(string? WhyNot) : RevisionStep;

    public sealed record Compared(ComparedView View) : RevisionStep;

    public sealed record Recorded : RevisionStep;
}
