using System.Collections.Immutable;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>A passkey that its person may use.</summary>
/// <param name="Id">What its authenticator calls it.</param>
/// <param name="Person">Whose it is.</param>
/// <param name="PublicKey">Its public key as a COSE key, byte for byte as the authenticator gave it.</param>
/// <param name="Entry">Index of the <c>credential.enrolled</c> entry; people refer to it by this number.</param>
public sealed record Passkey(CredentialId Id, PersonId Person, ReadOnlyMemory<byte> PublicKey, long Entry)
{
    /// <summary>How many one person may have.</summary>
    public const int MaxPerPerson = 20;

    /// <summary>Longest name that is kept, in characters.</summary>
    public const int MaxName = 64;

    /// <summary>What its person calls it.</summary>
    public required string Name { get; init; }

    public required DateTimeOffset EnrolledAt { get; init; }

    /// <summary>The authenticator's counter at its latest use; 0 when it does not count.</summary>
    public required long SignCount { get; init; }

    /// <summary>Whether copies of it may be on other devices of the person.</summary>
    public required bool IsSynced { get; init; }

    /// <summary>How the browser reaches it, in the words of WebAuthn; a hint.</summary>
    public ImmutableArray<string> Transports { get; init; } = [];

    /// <summary>Who vouched for its person at its enrolment; <c>null</c> when the sign-in was strong enough.</summary>
    public Vouched? Vouched { get; init; }
}

/// <summary>A passkey that somebody wants to enrol.</summary>
/// <param name="Name">What the person calls it.</param>
/// <param name="Challenge">What the authenticator was asked with.</param>
/// <param name="Registration">What it answered.</param>
public sealed record NewPasskey(string Name, ReadOnlyMemory<byte> Challenge, PasskeyRegistration Registration)
{
    public ImmutableArray<string> Transports { get; init; } = [];

    /// <summary>The code of somebody who vouches for the person, if they gave one.</summary>
    public string? Code { get; init; }
}
