using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Identity.Passkeys;

namespace Countersign.Tests.Identity.Passkeys;

/// <summary>The test vectors of W3C Web Authentication Level 3, from the data that lie beside the repository.</summary>
public sealed class VectorTests
{
    private static readonly string[] NotTaken = ["ES512", "Ed448"];

    /// <summary>Where the flags stand in authenticator data (WebAuthn section 6.1).</summary>
    private const int FlagsAt = 32;

    /// <summary>Where the length of the credential's id stands, before the id and the key (section 6.5.1).</summary>
    private const int IdLengthAt = FlagsAt + 5 + 16;

    private const string NotThisKeys = "The signature is not this passkey's.";

    private static readonly RelyingParty Party = new("example.org", ["https://example.org"]);

    private static readonly IReadOnlyList<Vector> s_vectors = [.. Vectors()];

    /// <summary>The vectors whose assertions verify: what is refused before it is changed proves nothing.</summary>
    public static TheoryData<string> Sound { get; } =
        [.. s_vectors.Where(IsTaken).Where(vector => !IsFramed(vector)).Select(vector => vector.Title)];

    /// <summary>What may be wrong with one field, and the only reason that may be given for it.</summary>
    public static TheoryData<string, string> Fields { get; } = new()
    {
        { "challenge", "another challenge" },
        { "origin", "another origin" },
        { "type", "'webauthn.create'" },
        { "crossOrigin", "page of somebody else" },
        { "topOrigin", "page of somebody else" },
        { "rpIdHash", "for another site than example.org" },
        { "user present", "not touched" },
        { "user verified", "who used it" },
        { "backup", "contradicts" },
        { "attested credential", "end within the credential" },
        { "sign count", NotThisKeys },
        { "signature", NotThisKeys },
        { "signature of another", NotThisKeys },
        { "no signature", NotThisKeys },
        { "public key", NotThisKeys },
    };

    [Fact]
    public void There_are_vectors_of_both_algorithms_that_they_have_and_we_take()
    {
        var algorithms = Sound.Select(row => Find(row.Data).Key.Algorithm).ToList();

        Assert.Equal(8, algorithms.Count);
        Assert.Equal([-8, -7], algorithms.Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Sound))]
    public void An_assertion_verifies_with_the_key_of_its_registration_and_not_when_a_byte_of_it_is_changed(
        string title)
    {
        var vector = Find(title);
        var (assertion, key) = (vector.Assertion, vector.Key);
        Assert.Null(assertion.WhyNot(vector.Asked, key));

        AssertNoneVerifies(assertion.ClientDataJson, bytes => assertion with { ClientDataJson = bytes });
        AssertNoneVerifies(assertion.AuthenticatorData, bytes => assertion with { AuthenticatorData = bytes });
        foreach (var mutant in MutantsOf(assertion.Signature))
        {
            Assert.Contains(NotThisKeys, (assertion with { Signature = mutant }).WhyNot(vector.Asked, key));
        }

        void AssertNoneVerifies(ReadOnlyMemory<byte> sound, Func<byte[], PasskeyAssertion> with)
        {
            foreach (var mutant in MutantsOf(sound))
            {
                Assert.NotNull(with(mutant).WhyNot(vector.Asked, key));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public void No_assertion_survives_the_change_of_one_field_and_the_reason_names_that_field(string field, string why)
    {
        foreach (var vector in Sound.Select(row => Find(row.Data)))
        {
            var (assertion, asked, key) = Change(vector, field);

            Assert.Contains(why, assertion.WhyNot(asked, key));
        }
    }

    [Theory]
    [MemberData(nameof(Sound))]
    public void No_assertion_verifies_with_a_key_of_which_a_byte_is_changed(string title)
    {
        var vector = Find(title);
        var encoded = EncodedKeyOf(vector);
        Assert.Null(vector.Assertion.WhyNot(vector.Asked, CoseKey.Parse(encoded)));

        Assert.All(MutantsOf(encoded), mutant => Assert.False(Verifies(mutant)));

        bool Verifies(byte[] mutant)
        {
            try
            {
                return vector.Assertion.WhyNot(vector.Asked, CoseKey.Parse(mutant)) is null;
            }
            catch (FormatException)
            {
                return false;
            }
        }
    }

    [Fact]
    public void What_was_made_inside_a_page_of_somebody_else_is_refused_though_its_signature_is_sound()
    {
        var vector = s_vectors.Single(IsFramed);
        var (assertion, key) = (vector.Assertion, vector.Key);

        Assert.Contains("page of somebody else", assertion.WhyNot(vector.Asked, key));
        Assert.True(key.Verify(
            [.. assertion.AuthenticatorData.Span, .. SHA256.HashData(assertion.ClientDataJson.Span)],
            assertion.Signature.Span));
    }

    [Fact]
    public void Registrations_without_attestation_and_with_their_own_verify()
    {
        var vectors = s_vectors.Where(vector => vector.Title.Contains("No Attestation")
            || vector.Title.Contains("Self Attestation")).ToList();

        Assert.Equal(2, vectors.Count);
        Assert.All(vectors, vector =>
        {
            Assert.True(vector.Registration.TryVerify(vector.Made, out var said, out var refusal), refusal);
            Assert.Equal(vector.Registration.Id, said.Credential!.Id);
            Assert.All(MutantsOf(vector.Id), mutant =>
            {
                var other = vector.Registration with { Id = CredentialId.Of(mutant) };
                Assert.False(other.TryVerify(vector.Made, out _, out var why));
                Assert.Contains("another credential", why);
            });
        });
    }

    [Fact]
    public void Registrations_with_certificates_are_refused()
    {
        var vectors = s_vectors.Where(IsTaken)
            .Where(vector => !vector.Title.Contains("No Att") && !vector.Title.Contains("Self Att"))
            .Where(vector => !IsFramed(vector))
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
        var vectors = s_vectors.Where(vector => !IsTaken(vector)).ToList();

        Assert.Equal(2, vectors.Count);
        Assert.All(vectors, vector =>
        {
            Assert.False(vector.Registration.TryVerify(vector.Made, out _, out var refusal));
            Assert.Contains("ES256, EdDSA (Ed25519) and RS256", refusal);
        });
    }

    [Fact]
    public void No_self_attested_registration_survives_the_change_of_any_of_its_bits()
    {
        var vector = s_vectors.Single(vector => vector.Title.Contains("Self Attestation"));
        Assert.True(vector.Registration.TryVerify(vector.Made, out _, out var refusal), refusal);
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

    /// <summary>An assertion in which one field is wrong, what was asked, and whose key is taken.</summary>
    private static (PasskeyAssertion Assertion, Ceremony Asked, CoseKey Key) Change(Vector vector, string field)
    {
        var (assertion, asked, key) = (vector.Assertion, vector.Asked, vector.Key);
        var other = s_vectors.First(each =>
            IsTaken(each) && each.Title != vector.Title && each.Key.Algorithm == -7);
        return field switch
        {
            "challenge" => (Say("challenge", "AAAA"), asked, key),
            "origin" => (Say("origin", "https://example.org.evil.example"), asked, key),
            "type" => (Say("type", "webauthn.create"), asked, key),
            "crossOrigin" => (Say("crossOrigin", true), asked, key),
            "topOrigin" => (Say("topOrigin", "https://evil.example"), asked, key),
            "rpIdHash" => (WithByte(0, first => (byte)(first ^ 1)), asked, key),
            "user present" => (WithByte(FlagsAt, flags => (byte)(flags & ~0x01)), asked, key),
            "user verified" => (
                WithByte(FlagsAt, flags => (byte)(flags & ~0x04)), asked with { NeedsVerification = true }, key),
            "backup" => (WithByte(FlagsAt, flags => (byte)((flags & ~0x08) | 0x10)), asked, key),
            "attested credential" => (WithByte(FlagsAt, flags => (byte)(flags | 0x40)), asked, key),
            "sign count" => (WithByte(FlagsAt + 4, last => (byte)(last + 1)), asked, key),
            "signature" => (assertion with { Signature = MutantsOf(assertion.Signature).Last() }, asked, key),
            "signature of another" => (assertion with { Signature = other.Assertion.Signature }, asked, key),
            "no signature" => (assertion with { Signature = default }, asked, key),
            "public key" => (assertion, asked, other.Key),
            _ => throw new InvalidOperationException($"There is no field '{field}'."),
        };

        PasskeyAssertion Say(string name, JsonNode value)
        {
            var said = JsonNode.Parse(assertion.ClientDataJson.Span)!.AsObject();
            said[name] = value;
            return assertion with { ClientDataJson = JsonSerializer.SerializeToUtf8Bytes(said) };
        }

        PasskeyAssertion WithByte(int place, Func<byte, byte> change)
        {
            var data = assertion.AuthenticatorData.ToArray();
            data[place] = change(data[place]);
            return assertion with { AuthenticatorData = data };
        }
    }

    /// <summary>The key as the authenticator spelled it, at the end of what it said at the enrolment.</summary>
    private static byte[] EncodedKeyOf(Vector vector)
    {
        var data = vector.AtEnrolment;
        var id = BinaryPrimitives.ReadUInt16BigEndian(data.Span[IdLengthAt..]);
        return data[(IdLengthAt + 2 + id)..].ToArray();
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

    private static Vector Find(string title) => s_vectors.Single(vector => vector.Title == title);

    private static bool IsFramed(Vector vector) => vector.Title.Contains("crossOrigin");

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

        public byte[] Id { get; private init; } = [];

        /// <summary>What the authenticator said at the enrolment.</summary>
        public ReadOnlyMemory<byte> AtEnrolment => ((CborValue.Bytes)((CborValue.Map)CborReader.ReadAll(
            Registration.AttestationObject)).Find("authData")!).Value;

        public CoseKey Key => AuthenticatorData.Parse(AtEnrolment).Credential!.Key;

        public static Vector Read(JsonElement item)
        {
            var (made, used) = (item.GetProperty("registration"), item.GetProperty("authentication"));
            var bytes = Hex(made, "credential_id");
            var id = CredentialId.Of(bytes);
            return new Vector(
                item.GetProperty("title").GetString()!,
                new PasskeyRegistration(id, Hex(made, "clientDataJSON"), Hex(made, "attestationObject")),
                new PasskeyAssertion(
                    id, Hex(used, "clientDataJSON"), Hex(used, "authenticatorData"), Hex(used, "signature")))
            {
                Id = bytes,
                MadeWith = Hex(made, "challenge"),
                AskedWith = Hex(used, "challenge"),
            };
        }

        private static byte[] Hex(JsonElement json, string name) =>
            Convert.FromHexString(json.GetProperty(name).GetString()!);
    }
}
