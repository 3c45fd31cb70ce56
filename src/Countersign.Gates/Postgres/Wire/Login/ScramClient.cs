using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>The client's half of one SCRAM exchange, toward a database that may be anybody.</summary>
/// <param name="password">What the database knows us by.</param>
/// <param name="header">The channel binding flag and two commas.</param>
/// <param name="binding">Of the server's certificate; empty without PLUS.</param>
/// <param name="nonce">Our half of the nonce.</param>
internal sealed class ScramClient(string password, string header, byte[] binding, string nonce)
{
    /// <summary>
    /// RFC 7677 asks for no fewer: a false server could otherwise make our proof cheap to guess from.
    /// </summary>
    public const int FewestIterations = 4096;

    /// <summary>Half a second of work; more would let a false server keep us busy.</summary>
    public const int MostIterations = 1_000_000;

    private const int LongestSalt = 256;

    private byte[] _serverSignature = [];

    public byte[] First() => Encoding.ASCII.GetBytes(header + FirstBare());

    /// <summary>server-first in, client-final out.</summary>
    /// <exception cref="ProtocolViolation">It is malformed, or asks for too little or too much work.</exception>
    public byte[] Answer(ReadOnlySpan<byte> serverFirst)
    {
        if (_serverSignature.Length > 0)
        {
            throw ScramText.Violation("begins the exchange a second time");
        }

        var text = ScramText.Read(serverFirst);
        var attributes = ScramText.Attributes(text, 'r', 's', 'i');
        if (!attributes[0].StartsWith(nonce, StringComparison.Ordinal) || attributes[0].Length == nonce.Length)
        {
            throw ScramText.Violation("does not continue our nonce");
        }

        ScramText.Nonce(attributes[0]);
        var salt = ScramText.Base64(attributes[1], LongestSalt);
        var salted = ScramVerifier.SaltedPassword(password, Iterations(attributes[2]), salt);
        var clientKey = ScramVerifier.ClientKey(salted);
        var withoutProof = $"c={ScramText.ChannelBinding(header, binding)},r={attributes[0]}";
        var authMessage = Encoding.ASCII.GetBytes($"{FirstBare()},{text},{withoutProof}");
        var proof = ScramText.Xor(clientKey, HMACSHA256.HashData(SHA256.HashData(clientKey), authMessage));
        _serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), authMessage);
        return Encoding.ASCII.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    /// <summary>Whether the server knows the password too. Before <see cref="Answer"/> nothing is a proof.</summary>
    public bool IsProof(ReadOnlySpan<byte> serverFinal)
    {
        var signature = ScramText.Attributes(ScramText.Read(serverFinal), 'v')[0];
        return _serverSignature.Length > 0 && CryptographicOperations.FixedTimeEquals(
            ScramText.Base64(signature, SHA256.HashSizeInBytes), _serverSignature);
    }

    /// <summary>The name is in the StartupMessage; PostgreSQL ignores the one here.</summary>
    private string FirstBare() => $"n=,r={nonce}";

    private static int Iterations(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            && iterations is >= FewestIterations and <= MostIterations
            ? iterations
            : throw ScramText.Violation(
                $"asks for {text} iterations; {FewestIterations} to {MostIterations} are taken (set scram_iterations"
                + " and the password anew)");
}
