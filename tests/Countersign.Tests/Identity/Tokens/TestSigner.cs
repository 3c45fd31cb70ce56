using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Tests.Identity.Tokens;

/// <summary>Makes tokens as an issuer does, and as no honest issuer would.</summary>
internal sealed class TestSigner : IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestSigner(string keyId) => KeyId = keyId;

    public string KeyId { get; }

    /// <summary>Its public keys: RSA under its id, P-256 under that and <c>-ec</c>.</summary>
    public string KeySet => new JsonObject { ["keys"] = new JsonArray([.. Keys()]) }.ToJsonString();

    public IEnumerable<JsonObject> Keys()
    {
        var rsa = _rsa.ExportParameters(includePrivateParameters: false);
        var curve = _curve.ExportParameters(includePrivateParameters: false);
        yield return new JsonObject
        {
            ["kty"] = "RSA", ["use"] = "sig", ["kid"] = KeyId, ["n"] = Text(rsa.Modulus!), ["e"] = Text(rsa.Exponent!),
        };
        yield return new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["kid"] = KeyId + "-ec",
            ["x"] = Text(curve.Q.X!),
            ["y"] = Text(curve.Q.Y!),
        };
    }

    public string Sign(JsonObject claims, string algorithm = "RS256", Action<JsonObject>? alter = null)
    {
        var header = new JsonObject
        {
            ["alg"] = algorithm,
            ["typ"] = "JWT",
            ["kid"] = algorithm == "ES256" ? KeyId + "-ec" : KeyId,
        };
        alter?.Invoke(header);
        var signed = $"{Text(Encoding.UTF8.GetBytes(header.ToJsonString()))}." +
            Text(JsonSerializer.SerializeToUtf8Bytes(claims));
        return $"{signed}.{Text(SignatureOf(Encoding.ASCII.GetBytes(signed), algorithm))}";
    }

    public static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);

    public void Dispose()
    {
        _rsa.Dispose();
        _curve.Dispose();
    }

    private byte[] SignatureOf(byte[] signed, string algorithm) => algorithm switch
    {
        "RS256" => _rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        "PS256" => _rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        "RS512" => _rsa.SignData(signed, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        "ES256" => _curve.SignData(signed, HashAlgorithmName.SHA256),

        // The old trick: the public key, which everybody has, as the secret of an HMAC.
        "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), signed),
        "none" => [],
        _ => throw new ArgumentException(algorithm),
    };
}
