using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Records;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>The passkeys in the store: who has which, and whether an assertion is one of theirs.</summary>
internal sealed class PasskeyRegister(IStore store, PasskeyHandles handles)
{
    /// <summary>Passkeys of one person, or of all, in the order in which they were enrolled.</summary>
    public async Task<ImmutableArray<Passkey>> ListAsync(PersonId? person, CancellationToken cancellationToken)
    {
        var rows = await store.FindPasskeysAsync(new PasskeyFilter { Person = person }, cancellationToken);
        return [.. rows.Select(PasskeyPayload.Read).OfType<Passkey>()];
    }

    /// <summary>
    /// Whether it is a valid answer of an enrolled passkey. The use has to be committed with whatever rests upon it.
    /// </summary>
    public async Task<PasskeyCheck> CheckAsync(
        PasskeyAssertion assertion, Ceremony ceremony, CancellationToken cancellationToken)
    {
        var locator = assertion.Id.Locator;
        var rows = await store.FindPasskeysAsync(new PasskeyFilter { Locator = locator }, cancellationToken);
        if (rows.Select(PasskeyPayload.Read).OfType<Passkey>().FirstOrDefault() is not { } passkey)
        {
            return new PasskeyCheck.Failed("The passkey is not enrolled here, or was revoked.");
        }

        if (assertion.WhyNot(ceremony, CoseKey.Parse(passkey.PublicKey)) is { } refusal)
        {
            return new PasskeyCheck.Failed(refusal);
        }

        if (assertion.UserHandle is { } handle && !handle.Span.SequenceEqual(handles.Of(passkey.Person)))
        {
            return new PasskeyCheck.Failed("The authenticator keeps the passkey for somebody else.");
        }

        // WebAuthn section 6.1.1: a counter that does not grow is the sign of a copied authenticator.
        var count = assertion.ReadSignCount();
        return (count > 0 || passkey.SignCount > 0) && count <= passkey.SignCount
            ? new PasskeyCheck.Failed(
                "The authenticator's counter went back: somebody may have copied it. Revoke this passkey.")
            : new PasskeyCheck.Passed(passkey, new PasskeyWrite.Uses(locator, passkey.SignCount, count));
    }

    /// <summary>
    /// Uses a code up; <c>null</c> when it was used before, on whichever node. A use whose enrolment then fails is one
    /// all the same: a code is made quickly, and must never work twice.
    /// </summary>
    public async Task<Vouched?> TryUseAsync(EnrolmentCode? code, CancellationToken cancellationToken) =>
        code is not null
        && await store.BeginOnceAsync(code.Key, code.Until, cancellationToken) == OnceState.Begun
            ? code.Vouched
            : null;

    public Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken) =>
        store.CommitAsync(change, cancellationToken);
}

/// <summary>What became of checking an assertion.</summary>
internal abstract record PasskeyCheck
{
    private PasskeyCheck()
    {
    }

    public sealed record Passed(Passkey Passkey, PasskeyWrite.Uses Use) : PasskeyCheck;

    public sealed record Failed(string Why) : PasskeyCheck;
}
