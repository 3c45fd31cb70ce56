using Countersign.Core.Ledger;

namespace Countersign.Server.Keys;

/// <summary>The key that signs the checkpoints of one log: note key name and origin are the same.</summary>
internal sealed class LedgerKey : IDisposable
{
    private readonly Ed25519SigningKey _key;

    /// <summary>Takes ownership of the key.</summary>
    public LedgerKey(KeyName name, Ed25519SigningKey key)
    {
        _key = key;
        Origin = new LogOrigin(name.Value);
        VerifierKey = new NoteVerifierKey(name, NoteAlgorithm.Ed25519, key.PublicKey.Span);
    }

    public LogOrigin Origin { get; }

    /// <summary>What strangers verify with; its text is the vkey line.</summary>
    public NoteVerifierKey VerifierKey { get; }

    /// <summary>Signs the text of a checkpoint and returns the whole note.</summary>
    public SignedNote Sign(ReadOnlySpan<byte> checkpointText) =>
        SignedNote.Sign(checkpointText, VerifierKey, _key.Sign);

    public void Dispose() => _key.Dispose();
}
