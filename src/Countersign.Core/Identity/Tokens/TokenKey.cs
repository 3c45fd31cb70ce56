using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger.Ed25519;

namespace Countersign.Core.Identity.Tokens;

/// <summary>
/// One public key of an issuer (JSON Web Key, RFC 7517 section 4). What the key is says how it may be used, whatever
/// the header of a token says (RFC 8725 section 3.1).
/// </summary>
internal abstract class TokenKey
{
    /// <summary>RFC 7518 section 3.3: at least 2048 bits; more than 8192 only cost time.</summary>
    private const int MinModulus = 256;
    private const int MaxModulus = 1024;
    private const int Coordinate = 32;

    private TokenKey(JsonElement key, TokenAlgorithm? only)
    {
        (Id, Only) = (Text(key, "kid"), only);
        Endorsements = key.TryGetProperty("endorsements", out var named) && named.ValueKind == JsonValueKind.Array
            ? TokenClaims.TextsOf(named) ?? []
            : [];
    }

    /// <summary>Its <c>kid</c>; <c>null</c> when it has none.</summary>
    public string? Id { get; }

    /// <summary>What its issuer vouches for it with, such as the channels it may sign for.</summary>
    public ImmutableHashSet<string> Endorsements { get; }

    /// <summary>The one algorithm that it is for, when its issuer says so.</summary>
    private TokenAlgorithm? Only { get; }

    public bool Takes(TokenAlgorithm algorithm) => Fits(algorithm) && (Only is not { } only || only == algorithm);

    public abstract bool Verify(TokenAlgorithm algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature);

    /// <summary>
    /// The key, or <c>null</c> when it is none to check tokens with: another use, kind or curve. Issuers publish such
    /// keys beside others (RFC 7517 section 5).
    /// </summary>
    public static TokenKey? TryParse(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object || Text(key, "use") is not (null or "sig"))
        {
            return null;
        }

        var name = Text(key, "alg");
        var only = TokenAlgorithms.Find(name);
        if (name is not null && only is null)
        {
            return null;
        }

        try
        {
            return (Text(key, "kty"), Text(key, "crv")) switch
            {
                ("RSA", _) => new OfRsa(key, only),
                ("EC", "P-256") => new OfCurve(key, only),
                ("OKP", "Ed25519") => new OfEdwards(key, only),
                _ => null,
            };
        }
        catch (Exception unusable) when (unusable is FormatException or CryptographicException)
        {
            return null;
        }
    }

    protected abstract bool Fits(TokenAlgorithm algorithm);

    private static string? Text(JsonElement key, string name) =>
        key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[] Bytes(JsonElement key, string name, int least, int most)
    {
        var bytes = Base64Text.Decode(Text(key, name) ?? "", name);
        return bytes.Length >= least && bytes.Length <= most
            ? bytes
            : throw new FormatException($"'{name}' of a key has a wrong length.");
    }

    private sealed class OfRsa : TokenKey
    {
        // The platform does not promise that one key object may check two signatures at once.
        private readonly Lock _lock = new();
        private readonly RSA _key;

        public OfRsa(JsonElement key, TokenAlgorithm? only)
            : base(key, only) => _key = RSA.Create(new RSAParameters
            {
                Modulus = Bytes(key, "n", MinModulus, MaxModulus),
                Exponent = Bytes(key, "e", 3, 4),
            });

        public override bool Verify(
            TokenAlgorithm algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
        {
            var padding = algorithm == TokenAlgorithm.Ps256 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
            lock (_lock)
            {
                return _key.VerifyData(signed, signature, HashAlgorithmName.SHA256, padding);
            }
        }

        protected override bool Fits(TokenAlgorithm algorithm) =>
            algorithm is TokenAlgorithm.Rs256 or TokenAlgorithm.Ps256;
    }

    private sealed class OfCurve : TokenKey
    {
        // As above.
        private readonly Lock _lock = new();
        private readonly ECDsa _key;

        public OfCurve(JsonElement key, TokenAlgorithm? only)
            : base(key, only) => _key = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint
                {
                    X = Bytes(key, "x", Coordinate, Coordinate),
                    Y = Bytes(key, "y", Coordinate, Coordinate),
                },
            });

        /// <summary>The two numbers side by side (RFC 7518 section 3.4), where passkeys have DER.</summary>
        public override bool Verify(
            TokenAlgorithm algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
        {
            lock (_lock)
            {
                return _key.VerifyData(
                    signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
        }

        protected override bool Fits(TokenAlgorithm algorithm) => algorithm == TokenAlgorithm.Es256;
    }

    private sealed class OfEdwards : TokenKey
    {
        private readonly Ed25519PublicKey _key;

        public OfEdwards(JsonElement key, TokenAlgorithm? only)
            : base(key, only) => _key = new Ed25519PublicKey(Bytes(key, "x", Coordinate, Coordinate));

        public override bool Verify(
            TokenAlgorithm algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) =>
            _key.Verify(signed, signature);

        protected override bool Fits(TokenAlgorithm algorithm) => algorithm == TokenAlgorithm.EdDsa;
    }
}
