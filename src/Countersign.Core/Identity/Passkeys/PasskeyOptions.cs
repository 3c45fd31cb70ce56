namespace Countersign.Core.Identity.Passkeys;

/// <summary>What passkeys need from the server; without a relying party nobody can use one.</summary>
public sealed record PasskeyOptions
{
    /// <summary>Whom passkeys are made for; asked each time, because the port may not be known at first.</summary>
    public Func<RelyingParty?> Party { get; init; } = static () => null;

    /// <summary>The ledger's origin: a signature for one ledger is none for another.</summary>
    public string Ledger { get; init; } = "";

    /// <summary>A secret key of this ledger, the same on every node.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }
}
