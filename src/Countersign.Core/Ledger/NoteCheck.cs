namespace Countersign.Core.Ledger;

/// <summary>What the known keys say about a note. Only <see cref="Trusted"/> makes its text worth reading.</summary>
public abstract record NoteCheck
{
    private NoteCheck() { }

    /// <summary>At least one known key signed, and every known signature is good.</summary>
    public sealed record Trusted(IReadOnlyList<NoteVerifierKey> Signers) : NoteCheck;

    /// <summary>No known key signed.</summary>
    public sealed record Unknown : NoteCheck;

    /// <summary>A signature line names a known key, but the key did not sign this text.</summary>
    public sealed record Forged(KeyName Name, NoteKeyId KeyId) : NoteCheck;
}
