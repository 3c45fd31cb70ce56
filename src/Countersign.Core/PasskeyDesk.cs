using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Where people enrol and revoke passkeys, and where a passkey tells who somebody is. A sign-in at least as strong as a
/// session adds and removes them. With a weaker one, such as a token, a person enrols their first passkey only, and
/// only when somebody vouches for them with a code: a copied token must not grow into a signature.
/// </summary>
public sealed class PasskeyDesk
{
    private const string NoCode =
        "The code is missing, of somebody else, older than an hour, or was used before. A first passkey with a token " +
        "takes a code of an admin, or of whoever runs the server ('countersign passkey code').";

    private readonly PasskeyRegister _register;
    private readonly PasskeyHandles _handles;
    private readonly Signatures _signatures;
    private readonly EnrolmentCodes _codes;
    private readonly PasskeyOptions _options;
    private readonly Func<Charter> _charter;

    internal PasskeyDesk(
        PasskeyRegister register,
        PasskeyHandles handles,
        Signatures signatures,
        EnrolmentCodes codes,
        PasskeyOptions options,
        Func<Charter> charter)
    {
        _register = register;
        _handles = handles;
        _signatures = signatures;
        _codes = codes;
        _options = options;
        _charter = charter;
    }

    /// <summary>Whom passkeys are made for; <c>null</c> when this server takes none.</summary>
    public RelyingParty? Party => _options.Party();

    /// <summary>The person as authenticators keep them.</summary>
    public PasskeyUser UserOf(Person person) => new(person.Id, person.DisplayName, _handles.Of(person.Id));

    /// <summary>Passkeys of one person, or of all, in the order in which they were enrolled.</summary>
    public Task<ImmutableArray<Passkey>> ListAsync(PersonId? person, CancellationToken cancellationToken) =>
        _register.ListAsync(person, cancellationToken);

    /// <summary>What a person signs in order to answer a review.</summary>
    public SealedStatement StatementFor(ActionRecord record, PersonId person, Decision decision) =>
        _signatures.StatementFor(record, person, decision);

    /// <summary>Why this sign-in may not add a passkey; <c>null</c> when it may.</summary>
    public static string? WhyNotEnrol(Voter voter, ImmutableArray<Passkey> present) => 0 switch
    {
        _ when present.Length >= Passkey.MaxPerPerson =>
            $"You have {Passkey.MaxPerPerson} passkeys, the most that one person may have: revoke one first.",
        _ when !present.IsEmpty && voter.Assurance < Assurance.Session =>
            "You have a passkey already: sign in with it to add another. If it is lost, ask an admin to revoke it.",
        _ => null,
    };

    /// <summary>Whether enrolling with this sign-in takes a code of somebody who vouches for its person.</summary>
    public static bool NeedsCode(Voter voter, ImmutableArray<Passkey> present) =>
        present.IsEmpty && voter.Assurance < Assurance.Session;

    /// <summary>Why a person may not vouch for another's first passkey; <c>null</c> when they may.</summary>
    public static string? WhyNotVouch(Voter voter, bool isAdmin, PersonId person) => 0 switch
    {
        _ when !isAdmin => "Only admins vouch for the first passkey of others.",
        _ when voter.Person == person =>
            "Nobody vouches for themselves: ask another admin, or whoever runs the server.",
        _ when voter.Assurance < Assurance.Session => "Sign in with a passkey to vouch for somebody.",
        _ => null,
    };

    /// <summary>
    /// Makes the code with which a person enrols their first passkey. What the entry of the enrolment says of who
    /// vouched is the whole record of it: a code that nobody uses changed nothing.
    /// </summary>
    public async Task<CodeAnswer> VouchAsync(Voter voter, PersonId person, CancellationToken cancellationToken)
    {
        var people = _charter().People;
        var isAdmin = people.Find(voter.Person) is { IsAdmin: true };
        var refusal = WhyNotVouch(voter, isAdmin, person) ?? 0 switch
        {
            _ when people.Find(person) is null => "Nobody of that name is registered.",
            _ when Party is null => "This server takes no passkeys.",
            _ when !(await ListAsync(person, cancellationToken)).IsEmpty =>
                "They have a passkey already, and add others with it. If it is lost, revoke it first.",
            _ => null,
        };
        return refusal is null
            ? new CodeAnswer.Made(_codes.Create(person, voter.Person))
            : new CodeAnswer.Refused(refusal);
    }

    /// <summary>Why a person may not revoke a passkey; <c>null</c> when they may.</summary>
    public static string? WhyNotRevoke(Voter voter, bool isAdmin, Passkey passkey) => 0 switch
    {
        _ when passkey.Person != voter.Person && !isAdmin => "Only its person and admins may revoke a passkey.",
        _ when voter.Assurance < Assurance.Session =>
            "Sign in with a passkey to revoke one. If yours is lost, ask an admin to revoke it.",
        _ => null,
    };

    public async Task<PasskeyAnswer> EnrolAsync(Voter voter, NewPasskey asked, CancellationToken cancellationToken)
    {
        if (Party is not { } party || _charter().People.Find(voter.Person) is not { } person)
        {
            return new PasskeyAnswer.Refused("This server takes no passkeys from you.");
        }

        var present = await ListAsync(person.Id, cancellationToken);
        if (WhyNotEnrol(voter, present) is { } refusal
            || !asked.Registration.TryVerify(new Ceremony(party, asked.Challenge), out var said, out refusal))
        {
            return new PasskeyAnswer.Refused(refusal);
        }

        // Last, so that a code is not used up by what would have been refused anyway.
        var vouched = NeedsCode(voter, present)
            ? await _register.TryUseAsync(_codes.TryRead(person.Id, asked.Code), cancellationToken)
            : null;
        if (vouched is null && NeedsCode(voter, present))
        {
            return new PasskeyAnswer.Refused(NoCode);
        }

        var name = asked.Name.Trim() is { Length: > 0 } given ? given : "Passkey";
        asked = asked with { Name = name.Length > Passkey.MaxName ? name[..Passkey.MaxName] : name };
        var committed = await _register.CommitAsync(
            new Change
            {
                Passkey = new PasskeyWrite.Enrols(asked.Registration.Id.Locator, person.Id, said.SignCount),
                Entries =
                [
                    EntryOf(
                        EntryType.CredentialEnrolled,
                        PasskeyPayload.Enrolled(
                            person, new EnrolmentProof(voter.Assurance, vouched), asked, said, party)),
                ],
            },
            cancellationToken);
        return committed is CommitResult.Committed done
            ? new PasskeyAnswer.Done(person.Id, done.Indexes[0])
            : new PasskeyAnswer.Refused("This passkey is enrolled already.");
    }

    /// <summary>Revokes the passkey of an enrolment entry.</summary>
    public async Task<PasskeyAnswer> RevokeAsync(
        Voter voter, long enrolled, string? comment, CancellationToken cancellationToken)
    {
        var present = await ListAsync(person: null, cancellationToken);
        var isAdmin = _charter().People.Find(voter.Person) is { IsAdmin: true };
        if (present.FirstOrDefault(known => known.Entry == enrolled) is not { } passkey
            || (passkey.Person != voter.Person && !isAdmin))
        {
            return new PasskeyAnswer.Refused("There is no such passkey, or it is not yours to revoke.");
        }

        if (WhyNotRevoke(voter, isAdmin, passkey) is { } refusal)
        {
            return new PasskeyAnswer.Refused(refusal);
        }

        var committed = await _register.CommitAsync(
            new Change
            {
                Passkey = new PasskeyWrite.Revokes(passkey.Id.Locator),
                Entries =
                [
                    EntryOf(
                        EntryType.CredentialRevoked, PasskeyPayload.Revoked(passkey, voter.Person, Shortened(comment))),
                ],
            },
            cancellationToken);
        return committed is CommitResult.Committed done
            ? new PasskeyAnswer.Done(passkey.Person, done.Indexes[0])
            : new PasskeyAnswer.Refused("Somebody has just revoked or used this passkey. Look again.");
    }

    /// <summary>Who answers a challenge of this server with a passkey of theirs.</summary>
    public async Task<PasskeyAnswer> SignInAsync(
        PasskeyAssertion assertion, ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken)
    {
        if (Party is not { } party)
        {
            return new PasskeyAnswer.Refused("This server takes no passkeys.");
        }

        switch (await _register.CheckAsync(assertion, new Ceremony(party, challenge), cancellationToken))
        {
            case PasskeyCheck.Passed { Passkey: var passkey, Use: var use }:
                var committed = await _register.CommitAsync(new Change { Passkey = use }, cancellationToken);
                return committed is CommitResult.Committed
                    ? new PasskeyAnswer.Done(passkey.Person, passkey.Entry)
                    : new PasskeyAnswer.Refused("The passkey was revoked or used meanwhile: try again.");
            case PasskeyCheck.Failed failed:
                return new PasskeyAnswer.Refused(failed.Why);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static string? Shortened(string? comment) =>
        comment is { Length: > ReviewDesk.MaxComment } longer ? longer[..ReviewDesk.MaxComment] : comment;

    private static EntryDraft EntryOf(EntryType type, byte[] payload) => new(type, Action: null, Revision: 0, payload);
}

/// <summary>What became of something a person wanted to do with a passkey.</summary>
public abstract record PasskeyAnswer
{
    private PasskeyAnswer()
    {
    }

    /// <summary>It is done.</summary>
    /// <param name="Person">Whose passkey it is.</param>
    /// <param name="Entry">The entry that says so; of a sign-in, the entry of the enrolment.</param>
    public sealed record Done(PersonId Person, long Entry) : PasskeyAnswer;

    public sealed record Refused(string Why) : PasskeyAnswer;
}
