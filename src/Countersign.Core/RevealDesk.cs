using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Where a reviewer asks to see what a card hides. Who reviews the action may, and nobody who stands behind it; that
/// they did, and why, is in the ledger before they see anything.
/// </summary>
public sealed class RevealDesk
{
    /// <summary>Longest reason in characters.</summary>
    public const int MaxReason = 1_000;

    private readonly Registrar _registrar;
    private readonly IStore _store;
    private readonly Func<Charter> _charter;

    internal RevealDesk(Registrar registrar, IStore store, Func<Charter> charter) =>
        (_registrar, _store, _charter) = (registrar, store, charter);

    /// <summary>Whether a person may ask for it.</summary>
    public bool MayReveal(PersonId person, ActionRecord record)
    {
        var today = _charter();
        var electorate = Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
        return !electorate.ActorChain.Contains(person) && electorate.FitsAny(person);
    }

    /// <param name="id">The action.</param>
    /// <param name="voter">Who asks.</param>
    /// <param name="wish">What they were shown, and why they want to see the rest.</param>
    /// <param name="cancellationToken">Stops before it is recorded.</param>
    public async Task<RevealAnswer> RevealAsync(
        ActionId id, Voter voter, RevealWish wish, CancellationToken cancellationToken)
    {
        if (await _registrar.FindAsync(id, cancellationToken) is not { } record)
        {
            return new RevealAnswer.Refused("The action does not exist any more.");
        }

        if (WhyNot(voter.Person, record, wish) is { } refusal)
        {
            return new RevealAnswer.Refused(refusal);
        }

        var payload = PayloadWriter.Write(json =>
        {
            json.WriteString("export", wish.Export);
            json.WriteString("person", voter.Person.Value);
            json.WriteString("assurance", voter.Assurance.ToText());
            json.WriteString("reason", wish.Reason.Trim());
            json.WriteString("digest", record.Action.Digest.Value);
            wish.Hidden.WriteTo(json, "hidden");
        });
        var change = new Change
        {
            Entries = [new EntryDraft(EntryType.ExportIssued, record.Id, record.Life.Revision, payload)],
        };
        return await _store.CommitAsync(change, cancellationToken) is CommitResult.Committed done
            ? new RevealAnswer.Done(record, done.Indexes[0])
            : throw new StoreUnavailableException("It was not recorded, so nothing is shown; try again.");
    }

    private string? WhyNot(PersonId person, ActionRecord record, RevealWish wish) => 0 switch
    {
        _ when !MayReveal(person, record) =>
            "Only who reviews this action, and does not stand behind it, may see what is hidden.",
        _ when record.Action.Digest != wish.Shown => "It was changed since you looked; look at it again.",
        _ when wish.Reason.Trim().Length is 0 or > MaxReason =>
            $"Say why you need to see it, in at most {MaxReason} characters; the ledger keeps it.",
        _ => null,
    };
}

/// <summary>A reviewer's wish to see what is hidden.</summary>
/// <param name="Shown">The digest of what they were shown.</param>
/// <param name="Reason">Why.</param>
/// <param name="Hidden">What is hidden, as kinds and counts.</param>
public sealed record RevealWish(ActionDigest Shown, string Reason, RedactionReport Hidden)
{
    /// <summary><c>reveal</c> on a page, or <c>receipt</c> to take along.</summary>
    public string Export { get; init; } = "reveal";
}

/// <summary>What a wish to see hidden values is answered with.</summary>
public abstract record RevealAnswer
{
    private RevealAnswer()
    {
    }

    /// <summary>It is recorded; the record may be shown as it is, once, to that person.</summary>
    public sealed record Done(ActionRecord Record, long Entry) : RevealAnswer;

    public sealed record Refused(string Why) : RevealAnswer;
}
