using System.Text.Json;
using Countersign.Core.Identity.Passkeys;

namespace Countersign.Tests.Identity.Passkeys;

/// <summary>The test vectors of W3C Web Authentication Level 3, from the data that lie beside the repository.</summary>
public sealed class VectorTests
{
    private static readonly string[] NotTaken = ["ES512", "Ed448"];

    private static readonly RelyingParty Party = new("example.org", ["https://example.org"]);

    [Fact]
    public void Assertions_verify_with_the_keys_of_their_registrations()
    {
        var verified = Vectors().Where(IsTaken).Where(vector => !vector.Title.Contains("crossOrigin")).ToList();

        Assert.True(verified.Count >= 7, $"{verified.Count} vectors");
        Assert.All(verified, vector => Assert.Null(vector.Assertion.WhyNot(vector.Asked, vector.Key)));
    }

    [Fact]
    public void What_was_made_inside_a_page_of_somebody_else_is_refused()
    {
        var vector = Vectors().Single(vector => vector.Title.Contains("crossOrigin"));

        Assert.Contains("page of somebody else", vector.Assertion.WhyNot(vector.Asked, vector.Key));
    }

    [Fact]
    public void Registrations_without_attestation_and_with_their_own_verify()
    {
        var vectors = Vectors().Where(vector => vector.Title.Contains("No Attestation")
            || vector.Title.Contains("Self Attestation")).ToList();

        Assert.Equal(2, vectors.Count);
        Assert.All(vectors, vector =>
        {
            Assert.True(vector.Registration.TryVerify(vector.Made, out var said, out var refusal), refusal);
            Assert.Equal(vector.Registration.Id, said.Credential!.Id);
        });
    }

    [Fact]
    public void Registrations_with_certificates_are_refused()
    {
        var vectors = Vectors().Where(IsTaken)
            .Where(vector => !vector.Title.Contains("No Att") && !vector.Title.Contains("Self Att"))
            .Where(vector => !vector.Title.Contains("crossOrigin"))
            .ToList();

        Assert.True(vectors.Count >= 5, $"{vectors.Count} vectors");
        Assert.All(vectors, vector =>
        {
            Assert.False(vector.Registration.TryVerify(vector.Made, out _, out var refusal));
            Assert.Contains("by a certificate", refusal);
        });
    }

    [Fact]
    public void Algorithms_that_are_not_asked_for_are_refused_by_name()
    {
        var vectors = Vectors().Where(vector => !IsTaken(vector)).ToList();

        Assert.Equal(2, vectors.Count);
        Assert.All(vectors, vector =>
        {
            Assert.False(vector.Registration.TryVerify(vector.Made, out _, out var refusal));
            Assert.Contains("ES256, EdDSA (Ed25519) and RS256", refusal);
        });
    }

    [Fact]
    public void No_assertion_survives_the_change_of_any_of_its_bits()
    {
        foreach (var vector in Vectors().Where(IsTaken).Take(3))
        {
            var (assertion, key) = (vector.Assertion, vector.Key);
            AssertNoneVerifies(assertion.ClientDataJson, bytes => assertion with { ClientDataJson = bytes });
            AssertNoneVerifies(assertion.AuthenticatorData, bytes => assertion with { AuthenticatorData = bytes });
            AssertNoneVerifies(assertion.Signature, bytes => assertion with { Signature = bytes });

            void AssertNoneVerifies(ReadOnlyMemory<byte> sound, Func<byte[], PasskeyAssertion> with)
            {
                foreach (var mutant in MutantsOf(sound))
                {
                    Assert.NotNull(with(mutant).WhyNot(vector.Asked, key));
                }
            }
        }
    }

    [Fact]
    public void No_self_attested_registration_survives_the_change_of_any_of_its_bits()
    {
        var vector = Vectors().Single(vector => vector.Title.Contains("Self Attestation"));
        foreach (var mutant in MutantsOf(vector.Registration.AttestationObject))
        {
            Assert.False((vector.Registration with { AttestationObject = mutant })
                .TryVerify(vector.Made, out _, out _));
        }

        foreach (var mutant in MutantsOf(vector.Registration.ClientDataJson))
        {
            Assert.False((vector.Registration with { ClientDataJson = mutant }).TryVerify(vector.Made, out _, out _));
        }
    }

    /// <summary>One bit of each byte changed, one byte less, one byte more.</summary>
    private static IEnumerable<byte[]> MutantsOf(ReadOnlyMemory<byte> sound)
    {
        for (var i = 0; i < sound.Length; i++)
        {
            var mutant = sound.ToArray();
            mutant[i] ^= (byte)(1 << (i % 8));
            yield return mutant;
        }

        yield return sound[..^1].ToArray();
        yield return [.. sound.Span, 0];
    }

    private static bool IsTaken(Vector vector) => !NotTaken.Any(vector.Title.Contains);

    private static IEnumerable<Vector> Vectors()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(RepositoryRoot.SharedData("webauthn-vectors.json")));
        return [.. document.RootElement.EnumerateArray()
            .Where(item => item.TryGetProperty("registration", out _) && item.TryGetProperty("authentication", out _))
            .Select(Vector.Read)];
    }

    private sealed record Vector(string Title, PasskeyRegistration Registration, PasskeyAssertion Assertion)
    {
        private ReadOnlyMemory<byte> MadeWith { get; init; }

        private ReadOnlyMemory<byte> AskedWith { get; init; }

        // Some of the vectors were made by authenticators that did not verify anybody.
        public Ceremony Made => new(Party, MadeWith) { NeedsVerification = false };

        public Ceremony Asked => new(Party, AskedWith) { NeedsVerification = false };

        public CoseKey Key => AuthenticatorData.Parse(
            ((CborValue.Bytes)((CborValue.Map)CborReader.ReadAll(Registration.AttestationObject))
                .Find("authData")!).Value).Credential!.Key;

        public static Vector Read(JsonElement item)
        {
            var (made, used) = (item.GetProperty("registration"), item.GetProperty("authentication"));
            var id = CredentialId.Of(Hex(made, "credential_id"));
            return new Vector(
                item.GetProperty("title").GetString()!,
                new PasskeyRegistration(id, Hex(made, "clientDataJSON"), Hex(made, "attestationObject")),
                new PasskeyAssertion(
                    id, Hex(used, "clientDataJSON"), Hex(used, "authenticatorData"), Hex(used, "signature")))
            {
                MadeWith = Hex(made, "challenge"),
                AskedWith = Hex(used, "challenge"),
            };
        }

        private static byte[] Hex(JsonElement json, string name) =>
            Convert.FromHexString(json.GetProperty(name).GetString()!);
    }
}
