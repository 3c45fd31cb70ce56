namespace Countersign.Server.Storage;

/// <summary>Fills a buffer with cryptographically secure random bytes.</summary>
internal delegate void FillRandom(Span<byte> destination);
