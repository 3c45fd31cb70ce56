using Countersign.Core.Ledger;

namespace Countersign.Server.Keys;

/// <summary>Verifies Ed25519 signatures with libcrypto, which takes a small part of the managed code's time.</summary>
internal static class Ed25519Verifier
{
    /// <summary>
    /// The same key, verified by libcrypto where there is one. Any number of threads may use it; it lives as long as
    /// the process, as the few keys of an audit do.
    /// </summary>
    public static NoteVerifierKey Hasten(NoteVerifierKey key)
    {
        if (key.Algorithm.Code != NoteAlgorithm.Ed25519.Code)
        {
            return key;
        }

        try
        {
            var handle = LibCrypto.LoadPublicKey(key.PublicKey.Span);
            return key.VerifiedBy((text, signature) => LibCrypto.Verify(handle, text, signature));
        }
        catch (LibCryptoMissingException)
        {
            return key;
        }
    }
}
