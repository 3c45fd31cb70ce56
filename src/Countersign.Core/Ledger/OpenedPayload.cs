namespace Countersign.Core.Ledger;

/// <summary>
/// A payload with all that its sealing took. Whoever has it seals it again and compares the hash with the leaf's, so it
/// proves what an entry says without any key of the gateway.
/// </summary>
/// <param name="Key">The payload's own AES-256 key, 32 bytes; it opens nothing else.</param>
/// <param name="Nonce">12 bytes.</param>
/// <param name="Salt">16 bytes before the JSON.</param>
/// <param name="Json">What the entry says, as UTF-8 JSON, byte for byte.</param>
public sealed record OpenedPayload(
    ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> Json);
