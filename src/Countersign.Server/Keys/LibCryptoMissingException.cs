namespace Countersign.Server.Keys;

/// <summary>OpenSSL is not installed, so nothing can be signed.</summary>
internal sealed class LibCryptoMissingException(IEnumerable<string> fileNames) : Exception(
    $"OpenSSL's libcrypto was not found (tried {string.Join(", ", fileNames)}), so the ledger cannot be signed. "
    + "Install OpenSSL 3, on Debian and Ubuntu with 'apt-get install libssl3', and start again.");
