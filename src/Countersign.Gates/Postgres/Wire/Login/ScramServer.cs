using System.Security.Cryptography;
using System.Text;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// The server's half of one SCRAM exchange (RFC 5802 section 5): client-first, server-first, client-final,
/// server-final. Several verifiers with one salt are checked together, in constant time.
/// </summary>
/// <param name="verifiers">At least one; all share salt and iterations.</param>
/// <param name="binding">Of our certificate, when TLS is on and it has one.</param>
/// <param name="nonce">Our half of the nonce.</param>
internal sealed class ScramServer(IReadOnlyList<ScramVerifier> verifiers, byte[]? binding, string nonce)
{
    private string _clientFirstBare = "";
    private string _header = "";
    private string _nonce = "";
    private string _serverFirst = "";

    /// <summary>The mechanisms to offer, the stronger one first.</summary>
    public string[] Mechanisms =>
        binding is null ? [ScramText.Mechanism] : [ScramText.MechanismPlus, ScramText.Mechanism];

    /// <summary>client-first in, server-first out.</summary>
    /// <exception cref="ProtocolViolation">
    /// It is malformed, or its channel binding does not fit the mechanism.
    /// </exception>
    public byte[] Begin(string mechanism, ReadOnlySpan<byte> clientFirst)
    {
        // gs2-cbind-flag "," [authzid] "," username "," nonce
        var parts = ScramText.Read(clientFirst).Split(',', 3);
        if (parts.Length != 3 || parts[1].Length > 0)
        {
            throw ScramText.Violation("does not begin with a channel binding flag and no authorization identity");
        }

        RefuseFlag(mechanism, parts[0]);
        _header = parts[0] + ",,";
        _clientFirstBare = parts[2];
        _nonce = ScramText.Nonce(ScramText.Attributes(parts[2], 'n', 'r')[1]) + nonce;
        var (iterations, salt) = (verifiers[0].Iterations, Convert.ToBase64String(verifiers[0].Salt.Span));
        _serverFirst = $"r={_nonce},s={salt},i={iterations}";
        return Encoding.ASCII.GetBytes(_serverFirst);
    }

    /// <summary>client-final in; server-final and the verifier that matched out, or nothing.</summary>
    /// <exception cref="ProtocolViolation">It is malformed, or belongs to another exchange or channel.</exception>
    public (byte[] ServerFinal, int Matched)? Finish(ReadOnlySpan<byte> clientFinal)
    {
        var text = ScramText.Read(clientFinal);
        var attributes = ScramText.Attributes(text, 'c', 'r', 'p');
        var isBound = _header.StartsWith('p');
        if (attributes[0] != ScramText.ChannelBinding(_header, isBound ? binding : []))
        {
            throw ScramText.Violation("is bound to another TLS channel: something between client and gate ends TLS");
        }

        if (attributes[1] != _nonce)
        {
            throw ScramText.Violation("answers with another nonce");
        }

        var proof = ScramText.Base64(attributes[2], SHA256.HashSizeInBytes);
        var withoutProof = text[..text.LastIndexOf(",p=", StringComparison.Ordinal)];
        var authMessage = Encoding.ASCII.GetBytes($"{_clientFirstBare},{_serverFirst},{withoutProof}");
        return proof.Length == SHA256.HashSizeInBytes && Match(proof, authMessage) is var matched && matched >= 0
            ? (ServerFinal(verifiers[matched], authMessage), matched)
            : null;
    }

    /// <summary>
    /// p asks for PLUS. y says that the client could but saw no offer: with an offer made, somebody took it away.
    /// </summary>
    private void RefuseFlag(string mechanism, string flag)
    {
        var fits = mechanism == ScramText.MechanismPlus
            ? binding is not null && flag == ScramText.BindingFlag
            : mechanism == ScramText.Mechanism && (flag == "n" || (flag == "y" && binding is null));
        if (!fits)
        {
            throw ScramText.Violation($"does not fit: mechanism {mechanism}, channel binding flag {flag}");
        }
    }

    /// <summary>All are tried, so that the time says nothing about which of them matched.</summary>
    private int Match(byte[] proof, byte[] authMessage)
    {
        var matched = -1;
        for (var index = 0; index < verifiers.Count; index++)
        {
            var storedKey = verifiers[index].StoredKey.Span;
            var clientKey = ScramText.Xor(proof, HMACSHA256.HashData(storedKey, authMessage));
            if (CryptographicOperations.FixedTimeEquals(SHA256.HashData(clientKey), storedKey))
            {
                matched = index;
            }
        }

        return matched;
    }

    private static byte[] ServerFinal(ScramVerifier verifier, byte[] authMessage) => Encoding.ASCII.GetBytes(
        "v=" + Convert.ToBase64String(HMACSHA256.HashData(verifier.ServerKey.Span, authMessage)));
}
