using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Core.Identity.Passkeys;

namespace Countersign.Tests.Identity.Passkeys;

/// <summary>An authenticator in software, with one credential; each test says what is wrong with it.</summary>
internal sealed class TestAuthenticator : IDisposable
{
    public const string Site = "example.org";
    public const string Origin = "https://example.org";

    public static readonly RelyingParty Party = new(Site, [Origin]);

    private readonly ECDsa _ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA? _rsa;

    public TestAuthenticator(bool usesRsa = false) => _rsa = usesRsa ? RSA.Create(2048) : null;

    public byte[] Id { get; set; } = RandomNumberGenerator.GetBytes(32);

    public string RelyingParty { get; set; } = Site;

    public string PageOrigin { get; set; } = Origin;

    public string More { get; set; } = "";

    /// <summary>User present, user verified.</summary>
    public byte Flags { get; set; } = 0x05;

    public uint SignCount { get; set; }

    public byte[]? UserHandle { get; set; }

    public string Format { get; set; } = "none";

    public byte[] Key => _rsa is { } rsa ? RsaKey(rsa.ExportParameters(false)) : EcKey(_ecdsa.ExportParameters(false));

    public PasskeyRegistration Register(byte[] challenge)
    {
        var client = ClientData("webauthn.create", challenge);
        byte[] length = [(byte)(Id.Length >> 8), (byte)Id.Length];
        var data = Data((byte)(Flags | 0x40), [.. new byte[16], .. length, .. Id, .. Key]);
        var statement = Format == "packed"
            ? [0xA2, .. Text("alg"), .. Negative(7), .. Text("sig"), .. Bytes(Sign(data, client))]
            : (byte[])[0xA0];
        byte[] attestation =
        [
            0xA3, .. Text("fmt"), .. Text(Format), .. Text("attStmt"), .. statement,
            .. Text("authData"), .. Bytes(data),
        ];
        return new PasskeyRegistration(CredentialId.Of(Id), client, attestation);
    }

    public PasskeyAssertion Assert(byte[] challenge, string type = "webauthn.get")
    {
        var client = ClientData(type, challenge);
        var data = Data(Flags, []);
        return new PasskeyAssertion(CredentialId.Of(Id), client, data, Sign(data, client))
        {
            UserHandle = UserHandle is { } handle ? handle : default(ReadOnlyMemory<byte>?),
        };
    }

    /// <summary>What a browser would send of a registration.</summary>
    public static string Json(PasskeyRegistration registration) => JsonSerializer.Serialize(new
    {
        id = registration.Id.Value,
        rawId = registration.Id.Value,
        type = "public-key",
        response = new
        {
            clientDataJSON = Base64Url.EncodeToString(registration.ClientDataJson.Span),
            attestationObject = Base64Url.EncodeToString(registration.AttestationObject.Span),
            transports = new[] { "usb", "internal" },
        },
    });

    /// <summary>What a browser would send of an assertion.</summary>
    public static string Json(PasskeyAssertion assertion)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            PasskeyJson.WriteAssertion(json, assertion);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    public void Dispose()
    {
        _ecdsa.Dispose();
        _rsa?.Dispose();
    }

    private byte[] Data(byte flags, byte[] credential)
    {
        var count = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(count, SignCount);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(RelyingParty)), flags, .. count, .. credential];
    }

    private byte[] ClientData(string type, byte[] challenge)
    {
        var text = Base64Url.EncodeToString(challenge);
        return Encoding.UTF8.GetBytes(
            $$"""{"type":"{{type}}","challenge":"{{text}}","origin":"{{PageOrigin}}"{{More}}}""");
    }

    private byte[] Sign(byte[] data, byte[] client)
    {
        byte[] signed = [.. data, .. SHA256.HashData(client)];
        return _rsa is { } rsa
            ? rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : _ecdsa.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static byte[] EcKey(ECParameters key) =>
    [
        0xA5, 0x01, 0x02, 0x03, .. Negative(7), 0x20, 0x01, 0x21, .. Bytes(key.Q.X!), 0x22, .. Bytes(key.Q.Y!),
    ];

    private static byte[] RsaKey(RSAParameters key) =>
    [
        0xA4, 0x01, 0x03, 0x03, .. Negative(257), 0x20, .. Bytes(key.Modulus!), 0x21, .. Bytes(key.Exponent!),
    ];

    private static byte[] Negative(int number) => Head(1, number - 1);

    private static byte[] Text(string text) => [.. Head(3, text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Bytes(byte[] bytes) => [.. Head(2, bytes.Length), .. bytes];

    private static byte[] Head(int major, int number) => number switch
    {
        < 24 => [(byte)((major << 5) | number)],
        < 256 => [(byte)((major << 5) | 24), (byte)number],
        _ => [(byte)((major << 5) | 25), (byte)(number >> 8), (byte)number],
    };
}
