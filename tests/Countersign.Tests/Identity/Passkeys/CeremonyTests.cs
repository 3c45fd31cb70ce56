using System.Security.Cryptography;
using Countersign.Core.Identity.Passkeys;

namespace Countersign.Tests.Identity.Passkeys;

public sealed class CeremonyTests : IDisposable
{
    private readonly byte[] _challenge = RandomNumberGenerator.GetBytes(32);
    private readonly TestAuthenticator _authenticator = new();

    private Ceremony Ceremony => new(TestAuthenticator.Party, _challenge);

    public void Dispose() => _authenticator.Dispose();

    [Fact]
    public void A_sound_registration_and_a_sound_assertion_verify()
    {
        Assert.True(_authenticator.Register(_challenge).TryVerify(Ceremony, out var said, out _));

        Assert.Null(_authenticator.Assert(_challenge).WhyNot(Ceremony, said.Credential!.Key));
        Assert.Equal(-7, said.Credential.Key.Algorithm);
    }

    [Fact]
    public void A_key_of_RSA_verifies()
    {
        using var authenticator = new TestAuthenticator(usesRsa: true);
        Assert.True(authenticator.Register(_challenge).TryVerify(Ceremony, out var said, out var refusal), refusal);

        var assertion = authenticator.Assert(_challenge);
        var signature = assertion.Signature.ToArray();
        signature[^1] ^= 1;

        Assert.Null(assertion.WhyNot(Ceremony, said.Credential!.Key));
        Assert.NotNull((assertion with { Signature = signature }).WhyNot(Ceremony, said.Credential.Key));
    }

    [Fact]
    public void A_registration_that_signs_itself_wrongly_is_refused()
    {
        _authenticator.Format = "packed";
        var sound = _authenticator.Register(_challenge);
        var other = _authenticator.Register(_challenge).AttestationObject.ToArray();
        other[^1] ^= 1;

        Assert.True(sound.TryVerify(Ceremony, out _, out _));
        Assert.False((sound with { AttestationObject = other }).TryVerify(Ceremony, out _, out _));
    }

    [Fact]
    public void Another_sites_passkey_is_refused() =>
        AssertRefused(it => it.RelyingParty = "evil.example", "for another site than example.org");

    [Fact]
    public void A_page_of_another_origin_is_refused() =>
        AssertRefused(it => it.PageOrigin = "https://example.org.evil.example", "another origin");

    [Fact]
    public void A_page_without_its_port_is_another_origin() =>
        AssertRefused(it => it.PageOrigin = "https://example.org:8443", "another origin");

    [Fact]
    public void A_frame_inside_somebody_elses_page_is_refused() =>
        AssertRefused(it => it.More = ",\"crossOrigin\":true", "page of somebody else");

    [Fact]
    public void A_frame_that_hides_behind_a_top_origin_is_refused() =>
        AssertRefused(it => it.More = ",\"topOrigin\":\"https://evil.example\"", "page of somebody else");

    [Fact]
    public void What_nobody_touched_is_refused() => AssertRefused(it => it.Flags = 0x04, "not touched");

    [Fact]
    public void What_did_not_check_its_user_is_refused() => AssertRefused(it => it.Flags = 0x01, "who used it");

    [Fact]
    public void A_copy_of_what_cannot_be_copied_is_refused() => AssertRefused(it => it.Flags = 0x15, "contradicts");

    [Fact]
    public void A_name_given_twice_is_refused() =>
        AssertRefused(it => it.More = ",\"origin\":\"https://example.org\"", "not the JSON");

    [Fact]
    public void Another_challenge_is_refused()
    {
        var key = KeyOf(_authenticator);

        Assert.Contains(
            "another challenge",
            _authenticator.Assert(RandomNumberGenerator.GetBytes(32)).WhyNot(Ceremony, key));
        Assert.False(_authenticator.Register(new byte[32]).TryVerify(Ceremony, out _, out _));
    }

    [Fact]
    public void An_enrolment_is_no_assertion()
    {
        var key = KeyOf(_authenticator);

        var enrolment = _authenticator.Assert(_challenge, "webauthn.create");

        Assert.Contains("'webauthn.create'", enrolment.WhyNot(Ceremony, key));
    }

    [Fact]
    public void Another_credentials_signature_is_refused()
    {
        using var other = new TestAuthenticator();

        Assert.Contains("not this passkey's", _authenticator.Assert(_challenge).WhyNot(Ceremony, KeyOf(other)));
    }

    [Fact]
    public void A_browser_that_names_another_credential_is_refused()
    {
        var registration = _authenticator.Register(_challenge) with { Id = CredentialId.Of(new byte[16]) };

        Assert.False(registration.TryVerify(Ceremony, out _, out var refusal));
        Assert.Contains("another credential", refusal);
    }

    [Theory]
    [InlineData("A3", "ends too early")]
    [InlineData("BFFF", "reserved|too many|indefinite")]
    [InlineData("C000", "tags")]
    [InlineData("F97E00", "floats")]
    [InlineData("1817", "shortest")]
    [InlineData("A201000100", "one key twice")]
    [InlineData("81818181818100", "nested too deeply")]
    [InlineData("61FF", "not UTF-8")]
    [InlineData("0000", "something follows")]
    [InlineData("5BFFFFFFFFFFFFFFFF", "too large")]
    public void Loose_CBOR_is_refused(string hex, string why)
    {
        var refused = Assert.Throws<FormatException>(() => CborReader.ReadAll(Convert.FromHexString(hex)));

        Assert.Matches(why, refused.Message);
    }

    [Theory]
    [InlineData("A1010203")]
    [InlineData("A401030339010020430100012143010001")]
    public void A_key_with_other_members_than_it_needs_is_refused(string hex) =>
        Assert.Throws<FormatException>(() => CoseKey.Parse(Convert.FromHexString(hex)));

    [Fact]
    public void A_point_beside_the_curve_is_no_key()
    {
        var key = _authenticator.Key;
        key[^1] ^= 1;

        Assert.Throws<FormatException>(() => CoseKey.Parse(key));
    }

    private static CoseKey KeyOf(TestAuthenticator authenticator) => CoseKey.Parse(authenticator.Key);

    /// <summary>Both enrolment and use have to refuse it.</summary>
    private void AssertRefused(Action<TestAuthenticator> change, string why)
    {
        var key = KeyOf(_authenticator);
        change(_authenticator);

        Assert.False(_authenticator.Register(_challenge).TryVerify(Ceremony, out _, out var refusal));
        Assert.Contains(why, refusal);
        Assert.Contains(why, _authenticator.Assert(_challenge).WhyNot(Ceremony, key));
    }
}
