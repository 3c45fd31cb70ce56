using Countersign.Core.Identity;

namespace Countersign.Core.Storage;

/// <summary>A passkey as a store keeps it; it is there until it is revoked.</summary>
/// <param name="Person">Whose it is; the store keeps a pseudonym.</param>
/// <param name="Entry">Index of the <c>credential.enrolled</c> entry.</param>
/// <param name="At">When it was enrolled.</param>
/// <param name="SignCount">The authenticator's counter at its latest use.</param>
/// <param name="Payload">What the entry says, the public key among it; <c>null</c> when it was erased.</param>
public sealed record PasskeyRow(
    PersonId Person, long Entry, DateTimeOffset At, long SignCount, ReadOnlyMemory<byte>? Payload);

/// <summary>Which passkeys to find; without members, all.</summary>
public sealed record PasskeyFilter
{
    public PersonId? Person { get; init; }

    /// <summary>SHA-256 of the credential's id, as hex.</summary>
    public string? Locator { get; init; }
}

/// <summary>What a change does to a passkey.</summary>
public abstract record PasskeyWrite
{
    private PasskeyWrite(string locator) => Locator = locator;

    /// <summary>Which passkey: SHA-256 of the credential's id, as hex.</summary>
    public string Locator { get; }

    /// <summary>
    /// Adds one, with the change's <c>credential.enrolled</c> entry; when it is there already, <c>PasskeyKnown</c>.
    /// </summary>
    public sealed record Enrols(string Locator, PersonId Person, long SignCount) : PasskeyWrite(Locator);

    /// <summary>
    /// Counts a use. When it was revoked or used since it was read, <c>PasskeyMoved</c>: nothing that rests on a
    /// revoked passkey becomes durable.
    /// </summary>
    public sealed record Uses(string Locator, long Before, long SignCount) : PasskeyWrite(Locator);

    /// <summary>Removes one; when it is not there, <c>PasskeyMoved</c>.</summary>
    public sealed record Revokes(string Locator) : PasskeyWrite(Locator);
}
