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
        Warning = WarningOf(voter, record),
    };

    /// <summary>Why changing it would probably be in vain; <c>null</c> when nothing is known against it.</summary>
    public string? WarningOf(Voter voter, ActionRecord record) => revisions.WhyNobodyLeft(voter.Person, record);

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

    /// <summary>What it would come to, with nothing recorded; without it, why not.</summary>
    public async Task<(RevisionAnswer.Foreseen? Foreseen, string? WhyNot)> ForeseeAsync(
        Voter voter, ActionId id, Revision revision, CancellationToken cancellationToken)
    {
        var answer = await revisions.ForeseeAsync(id, voter, revision, cancellationToken);
        return answer is RevisionAnswer.Foreseen foreseen
            ? (foreseen, null)
            : (null, await WhyNotAsync(answer, voter, cancellationToken));
    }

    /// <summary>Why it was not revised; <c>null</c> when it was.</summary>
    public async Task<string?> ReviseAsync(
        Voter voter, ActionId id, Revision revision, CancellationToken cancellationToken) => await WhyNotAsync(
            await revisions.ReviseAsync(id, voter, revision, cancellationToken), voter, cancellationToken);

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
internal sealed record RevisionForm(ActionDigest Digest, string? Statement, string Json, string? Comment)
{
    /// <summary>The change, as its gate understood what was written.</summary>
    public Revision ToRevision(Asking asked) => new(Digest, asked, string.IsNullOrEmpty(Comment) ? null : Comment);
}
