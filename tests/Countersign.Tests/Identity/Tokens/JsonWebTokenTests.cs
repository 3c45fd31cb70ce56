using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Identity.Tokens;

namespace Countersign.Tests.Identity.Tokens;

/// <summary>Which tokens are taken, and the table of those that are not (RFC 8725).</summary>
public sealed class JsonWebTokenTests : IDisposable
{
    private const string Issuer = "https://id.example.com/acme";

    private static readonly DateTimeOffset s_now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private readonly TestSigner _signer = new("k1");

    public void Dispose() => _signer.Dispose();

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("ES256")]
    public void A_token_of_its_issuer_for_us_and_in_time_is_taken(string algorithm)
    {
        var check = Check(_signer.Sign(Claims(), algorithm));

        var claims = Assert.IsType<TokenCheck.Passed>(check).Claims;
        Assert.Equal(("https://id.example.com/acme", "248289761001"), (claims.Subject.Issuer, claims.Subject.Name));
        Assert.Equal(s_now.AddMinutes(5), claims.ExpiresAt);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("RS512")]
    [Trait("Threat", "THR-095"), Trait("CWE", "347")]
    public void An_algorithm_that_is_not_of_the_list_is_refused(string algorithm) =>
        AssertRefused("algorithm", _signer.Sign(Claims(), algorithm));

    [Fact]
    public void An_algorithm_that_the_issuer_is_not_to_use_is_refused() => AssertRefused(
        "algorithm", _signer.Sign(Claims()), Rules() with { Algorithms = [TokenAlgorithm.Es256] });

    [Fact]
    public void A_key_is_used_for_its_own_algorithm_only()
    {
        var token = _signer.Sign(Claims(), "ES256", header => header["kid"] = "k1");

        Assert.IsType<TokenCheck.UnknownKey>(Check(token));
    }

    [Fact]
    public void A_token_of_another_key_under_the_same_name_is_refused()
    {
        using var thief = new TestSigner("k1");

        AssertRefused("signature", thief.Sign(Claims()));
    }

    [Fact]
    public void A_token_of_a_key_that_is_not_known_asks_for_newer_keys()
    {
        using var next = new TestSigner("k2");

        Assert.IsType<TokenCheck.UnknownKey>(Check(next.Sign(Claims())));
    }

    [Fact]
    public void Without_a_name_of_a_key_there_has_to_be_one_that_could_be_meant()
    {
        var token = _signer.Sign(Claims(), alter: header => header.Remove("kid"));

        Assert.IsType<TokenCheck.Passed>(Check(token));
        using var second = new TestSigner("k2");
        var both = new JsonObject { ["keys"] = new JsonArray([.. _signer.Keys(), .. second.Keys()]) }.ToJsonString();
        Assert.IsType<TokenCheck.UnknownKey>(Check(token, Rules(), both));
    }

    [Theory]
    [InlineData("jku", "https://evil.example/keys")]
    [InlineData("jwk", "{}")]
    [InlineData("x5u", "https://evil.example/chain")]
    [InlineData("crit", "exp")]
    [Trait("Threat", "THR-095"), Trait("CWE", "347")]
    public void A_header_that_brings_a_key_along_or_has_to_be_understood_is_refused(string name, string value) =>
        AssertRefused($"'{name}'", _signer.Sign(Claims(), alter: header => header[name] = value));

    [Theory]
    [InlineData("iss", "https://id.example.com/other", "'iss'")]
    [InlineData("iss", "https://id.example.com/acme/", "'iss'")]
    [InlineData("aud", "somebody-else", "'aud'")]
    [InlineData("aud", null, "'aud'")]
    [InlineData("sub", null, "'sub'")]
    [InlineData("sub", "", "'sub'")]
    [InlineData("exp", null, "'exp'")]
    [InlineData("exp", "1900000000", "'exp'")]
    public void A_token_that_says_something_else_is_refused(string claim, string? value, string why) => AssertRefused(
        why, _signer.Sign(Claims(claims =>
        {
            claims.Remove(claim);
            if (value is not null)
            {
                claims[claim] = value;
            }
        })));

    [Theory]
    [InlineData("exp", -60, "over")]
    [InlineData("nbf", 61, "'nbf'")]
    [InlineData("iat", 61, "'iat'")]
    [InlineData("exp", 90_000, "more than a day")]
    public void A_token_out_of_time_is_refused(string claim, int seconds, string why) => AssertRefused(
        why, _signer.Sign(Claims(claims => claims[claim] = s_now.AddSeconds(seconds).ToUnixTimeSeconds())));

    [Theory]
    [InlineData("exp", -59)]
    [InlineData("nbf", 60)]
    [InlineData("iat", 60)]
    public void Clocks_may_differ_by_a_minute(string claim, int seconds) => Assert.IsType<TokenCheck.Passed>(
        Check(_signer.Sign(Claims(claims => claims[claim] = s_now.AddSeconds(seconds).ToUnixTimeSeconds()))));

    [Theory]
    [InlineData("nonce", "another", "'nonce'")]
    [InlineData("nonce", null, "'nonce'")]
    [InlineData("azp", "somebody-else", "'azp'")]
    [InlineData("iat", null, "'iat'")]
    public void An_id_token_of_another_sign_in_is_refused(string claim, string? value, string why)
    {
        var token = _signer.Sign(Claims(claims =>
        {
            claims["nonce"] = "n1";
            claims.Remove(claim);
            if (value is not null)
            {
                claims[claim] = value;
            }
        }));

        AssertRefused(why, token, Rules() with { IsIdToken = true, Nonce = "n1" });
    }

    [Fact]
    public void An_id_token_for_several_says_for_whom_it_was_made()
    {
        var rules = Rules() with { IsIdToken = true };
        var claims = Claims(made => made["aud"] = new JsonArray("countersign", "wiki"));
        var named = Claims(made =>
        {
            made["aud"] = new JsonArray("countersign", "wiki");
            made["azp"] = "countersign";
        });

        AssertRefused("'azp'", _signer.Sign(claims), rules);
        Assert.IsType<TokenCheck.Passed>(Check(_signer.Sign(named), rules));
    }

    [Theory]
    [InlineData("at+jwt", true)]
    [InlineData("logout+jwt", false)]
    public void Kinds_of_tokens_do_not_stand_for_each_other(string type, bool isIdToken) => AssertRefused(
        "'typ'",
        _signer.Sign(Claims(), alter: header => header["typ"] = type),
        Rules() with { IsIdToken = isIdToken });

    [Theory]
    [InlineData("")]
    [InlineData("eyJ.eyJ")]
    [InlineData("a.b.c.d")]
    [InlineData("eyJhbGciOiJub25lIn0=.e30.")]
    [InlineData("bm8.bm8.bm8")]
    public void What_is_no_token_is_none(string text) => Assert.False(JsonWebToken.TryParse(text, out _));

    [Fact]
    public void A_name_that_is_there_twice_makes_it_none()
    {
        var header = TestSigner.Text("""{"alg":"none","alg":"RS256"}"""u8.ToArray());
        var claims = TestSigner.Text("{}"u8.ToArray());

        Assert.False(JsonWebToken.TryParse($"{header}.{claims}.", out _));
    }

    [Fact]
    public void A_token_is_of_a_bounded_length()
    {
        var token = _signer.Sign(Claims(claims => claims["groups"] = new string('x', JsonWebToken.MaxLength)));

        Assert.False(JsonWebToken.TryParse(token, out _));
    }

    [Fact]
    public void Nothing_of_a_changed_token_counts()
    {
        var parts = _signer.Sign(Claims()).Split('.');
        parts[1] = TestSigner.Text(Encoding.UTF8.GetBytes(Claims(claims => claims["sub"] = "admin").ToJsonString()));

        AssertRefused("signature", string.Join('.', parts));
    }

    [Fact]
    public void Keys_of_other_kinds_and_uses_are_passed_over_and_shared_ones_never_taken()
    {
        const string only =
            """{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"k1"},{"kty":"RSA","use":"enc","kid":"k1"}]}""";

        Assert.Throws<FormatException>(() => TokenKeySet.Parse(Encoding.UTF8.GetBytes(only)));
        Assert.Throws<FormatException>(() => TokenKeySet.Parse("[]"u8.ToArray()));
        Assert.Equal(2, TokenKeySet.Parse(Encoding.UTF8.GetBytes(_signer.KeySet)).Count);
    }

    [Theory]
    [InlineData("""["msteams","webchat"]""", true)]
    [InlineData("""["webchat"]""", false)]
    [InlineData(""" "msteams" """, false)]
    [InlineData("[7]", false)]
    [InlineData(null, false)]
    public void A_key_counts_for_what_its_issuer_endorses_it_for(string? endorsements, bool counts)
    {
        var set = JsonNode.Parse(_signer.KeySet)!;
        if (endorsements is not null)
        {
            set["keys"]![0]!["endorsements"] = JsonNode.Parse(endorsements);
        }

        var check = Check(
            _signer.Sign(Claims()), Rules() with { Endorsement = "msteams" }, set.ToJsonString());

        Assert.Equal(counts, check is TokenCheck.Passed);
        Assert.True(counts || check is TokenCheck.Failed { Why: var why } && why.Contains("endorsed"));
    }

    [Fact]
    public void A_token_that_has_to_be_for_one_only_is_not_taken_when_others_are_named()
    {
        var several = _signer.Sign(Claims(made => made["aud"] = new JsonArray("countersign", "wiki")));

        Assert.IsType<TokenCheck.Passed>(Check(several));
        AssertRefused("'aud'", several, Rules() with { IsForOneOnly = true });
    }

    [Fact]
    public void A_token_of_a_service_may_be_about_nobody_and_then_names_nobody()
    {
        var token = _signer.Sign(Claims(made => made.Remove("sub")));

        var passed = Assert.IsType<TokenCheck.Passed>(Check(token, Rules() with { IsOfService = true }));

        Assert.Equal(default, passed.Claims.Subject);
        AssertRefused("'sub'", token);
    }

    private static JsonObject Claims(Action<JsonObject>? alter = null)
    {
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = "countersign",
            ["sub"] = "248289761001",
            ["iat"] = s_now.ToUnixTimeSeconds(),
            ["exp"] = s_now.AddMinutes(5).ToUnixTimeSeconds(),
        };
        alter?.Invoke(claims);
        return claims;
    }

    private static TokenRules Rules() => new(Issuer, "countersign");

    private void AssertRefused(string why, string token, TokenRules? rules = null) =>
        Assert.Contains(why, Assert.IsType<TokenCheck.Failed>(Check(token, rules)).Why, StringComparison.Ordinal);

    private TokenCheck Check(string text, TokenRules? rules = null, string? keys = null)
    {
        Assert.True(JsonWebToken.TryParse(text, out var token));
        return token.Verify(TokenKeySet.Parse(Encoding.UTF8.GetBytes(keys ?? _signer.KeySet)), rules ?? Rules(), s_now);
    }
}
