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

    /// <summary>Why it was not revised; <c>null</c> when it was.</summary>
    public async Task<string?> ReviseAsync(
        ActionRecord record, Voter voter, RevisionForm form, CancellationToken cancellationToken)
    {
        var (arguments, unreadable) = RevisionComposer.Read(record, form.Statement, form.Json);
        if (arguments is null)
        {
            return unreadable;
        }

        if (await revisions.WhyNotAsync(record.Id, voter, form.Digest, cancellationToken) is { } refusal)
        {
            return WhyNot(refusal, voter);
        }

        var (asking, problem) = await reader.ReadAsync(record, arguments, cancellationToken);
        if (asking is null)
        {
            return problem!.Detail;
        }

        var revision = new Revision(form.Digest, asking, string.IsNullOrEmpty(form.Comment) ? null : form.Comment);
        return WhyNot(await revisions.ReviseAsync(record.Id, voter, revision, cancellationToken), voter);
    }

    private string? WhyNot(RevisionAnswer answer, Voter voter) => answer switch
    {
        RevisionAnswer.Recorded => null,
        RevisionAnswer.Refused refused =>
            Words.Of(refused.Why, refused.Record, desk.RightOf(voter.Person, refused.Record)),
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
