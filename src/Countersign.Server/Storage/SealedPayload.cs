namespace Countersign.Server.Storage;

/// <summary>
/// A payload at rest. The leaf holds the SHA-256 of <c>Ciphertext</c> (nonce, ciphertext, tag); without
/// <c>WrappedKey</c> nobody reads it any more.
/// </summary>
internal readonly record struct SealedPayload(byte[] Ciphertext, byte[] WrappedKey);
