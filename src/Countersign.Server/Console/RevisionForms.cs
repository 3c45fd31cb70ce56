using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Console;

/// <summary>
/// Takes what a person wrote into a form, here or in a channel, to the revision desk: the same checks and the same
/// words everywhere.
/// </summary>
internal sealed class RevisionForms(RevisionDesk revisions, RevisionReader reader, ReviewDesk desk)
{
    public bool MayModify(Voter voter, ActionRecord record) => revisions.MayModify(voter.Person, record);

    /// <summary>What somebody may edit, and what they should know before they do.</summary>
    public ReviseView EditableOf(Voter voter, ActionRecord record) => RevisionComposer.EditableOf(record) with
    {
        Warning = revisions.WhyNobodyLeft(voter.Person, record),
    };

    /// <summary>
    /// What a form asks for, as far as it can be told without recording anything; without it, why not.
    /// </summary>
    public async Task<(Asking? Asked, string? WhyNot)> ReadAsync(
        ActionRecord record, Voter voter, RevisionForm form, CancellationToken cancellationToken)
    {
        var (arguments, unreadable) = RevisionComposer.Read(record, form.Statement, form.Json);
        if (arguments is null)
        {
            return (null, unreadable);
        }

        if (await revisions.WhyNotAsync(record.Id, voter, form.Digest, cancellationToken) is { } refusal)
        {
            return (null, await WhyNotAsync(refusal, voter, cancellationToken));
        }

        var (asking, problem) = await reader.ReadAsync(record, arguments, cancellationToken);
        if (asking is null)
        {
            return (null, problem!.Detail);
        }

        return await revisions.FindUnfitAsync(record, asking, cancellationToken) is { } unfit
            ? (null, await WhyNotAsync(unfit, voter, cancellationToken))
            : (asking, null);
    }

    /// <summary>Why it was not revised; <c>null</c> when it was.</summary>
    public async Task<string?> ReviseAsync(
        ActionRecord record, Voter voter, RevisionForm form, CancellationToken cancellationToken)
    {
        var (asking, whyNot) = await ReadAsync(record, voter, form, cancellationToken);
        if (asking is null)
        {
            return whyNot;
        }

        var revision = new Revision(form.Digest, asking, string.IsNullOrEmpty(form.Comment) ? null : form.Comment);
        var answer = await revisions.ReviseAsync(record.Id, voter, revision, cancellationToken);
        return await WhyNotAsync(answer, voter, cancellationToken);
    }

    private async Task<string?> WhyNotAsync(
        RevisionAnswer answer, Voter voter, CancellationToken cancellationToken) => answer switch
    {
        RevisionAnswer.Recorded => null,
        RevisionAnswer.Refused refused => Words.Of(
            refused.Why,
            refused.Record,
            await desk.FindRightAsync(voter.Person, refused.Record, cancellationToken)),
        RevisionAnswer.RefusedByPolicy denied => "The policy denies it in this form: " + string.Join(
            " ", denied.Verdict.Rules.Select(rule => Words.OneLine($"{rule.Id.Value}: {rule.Reason}"))),
        RevisionAnswer.Unfit unfit => unfit.Why,
        RevisionAnswer.NobodyLeft nobody => nobody.Why,
        RevisionAnswer.Unchanged => "Nothing was changed.",
        RevisionAnswer.Fixed why => why.Why,
        _ => "The action does not exist any more.",
    };
}

/// <summary>What a person wrote.</summary>
/// <param name="Digest">Of the revision that they were shown.</param>
/// <param name="Statement">The text of a statement, where that is edited by itself.</param>
/// <param name="Json">Its parameters, or all arguments.</param>
/// <param name="Comment">Why.</param>
internal sealed record RevisionForm(ActionDigest Digest, string? Statement, string Json, string? Comment);
