using Countersign.Core.Ledger;

namespace Countersign.Server.Keys;

/// <summary>
/// The key that signs the checkpoints of one log: note key name and origin are the same. While the log changes its key
/// the one before signs along, so that whoever knows only that one still finds its signature.
/// </summary>
internal sealed class LedgerKey : IDisposable
{
    private readonly Ed25519SigningKey _key;
    private readonly Ed25519SigningKey? _previous;

    /// <summary>Takes ownership of the keys.</summary>
    public LedgerKey(KeyName name, Ed25519SigningKey key, Ed25519SigningKey? previous = null)
    {
        (_key, _previous) = (key, previous);
        Origin = new LogOrigin(name.Value);
        VerifierKey = new NoteVerifierKey(name, NoteAlgorithm.Ed25519, key.PublicKey.Span);
        PreviousVerifierKey = previous is null
            ? null
            : new NoteVerifierKey(name, NoteAlgorithm.Ed25519, previous.PublicKey.Span);
        if (PreviousVerifierKey?.Id == VerifierKey.Id)
        {
            throw new FormatException(
                "ledger.key and ledger.previous_key are the same key. Make a new one for ledger.key with "
                + "'openssl genpkey -algorithm ed25519', or remove previous_key.");
        }
    }

    public LogOrigin Origin { get; }

    /// <summary>What strangers verify with; its text is the vkey line.</summary>
    public NoteVerifierKey VerifierKey { get; }

    /// <summary>The key that signs along; <c>null</c> outside of a rotation's overlap.</summary>
    public NoteVerifierKey? PreviousVerifierKey { get; }

    /// <summary>Signs the text of a checkpoint and returns the whole note.</summary>
    public SignedNote Sign(ReadOnlySpan<byte> checkpointText)
    {
        var note = SignedNote.Sign(checkpointText, VerifierKey, _key.Sign);
        return _previous is null
            ? note
            : note.With(new NoteSignature(
                PreviousVerifierKey!.Name, PreviousVerifierKey.Id, _previous.Sign(checkpointText)));
    }

    /// <summary>Whether this key, or in the overlap the one before it, signed a note.</summary>
    public NoteCheck Verify(SignedNote note) => note.Verify(
        PreviousVerifierKey is null ? [VerifierKey] : [VerifierKey, PreviousVerifierKey]);

    /// <summary>
    /// The note by which this key follows the one before it, when a log was last signed by that one only.
    /// </summary>
    public KeySuccession? SuccessionFor(SignedNote head) =>
        PreviousVerifierKey is { } previous && head.Verify([VerifierKey]) is NoteCheck.Unknown
            ? KeySuccession.Parse(System.Text.Encoding.UTF8.GetString(
                Sign(KeySuccession.TextOf(Checkpoint.Parse(head.Text.Span), previous, VerifierKey)).ToBytes()))
            : null;

    public void Dispose()
    {
        _key.Dispose();
        _previous?.Dispose();
    }
}
