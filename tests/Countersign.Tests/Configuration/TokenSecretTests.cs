using Countersign.Core.Identity;
using Countersign.Gates.Access;
using Countersign.Server.Configuration;

namespace Countersign.Tests.Configuration;

public sealed class TokenSecretTests
{
    private const string Token = "cs_0123456789abcdef0123456789abcdef";

    private static readonly Asker Bot = new(new AgentId("bot"), OnBehalfOf: null);

    [Fact]
    public void A_token_is_recognised_by_itself_its_hash_and_its_verifier()
    {
        string[] forms =
            [Token, TokenSecret.HashPrefix + TokenSecret.HashOf(Token), TokenSecret.ScramVerifierOf(Token)];

        Assert.All(forms, form =>
        {
            var tokens = TokensOf(form);
            Assert.Equal(new Caller.OfAgent(Bot), tokens.Find(Token));
            Assert.Equal(new Caller.OfAgent(Bot), tokens.Find(Token));
            Assert.Null(tokens.Find(Token + "x"));
            Assert.Null(tokens.Find(""));
        });
    }

    [Fact]
    public void A_hash_is_not_a_token()
    {
        var hash = TokenSecret.HashPrefix + TokenSecret.HashOf(Token);

        Assert.Null(TokensOf(hash).Find(hash));
    }

    [Fact]
    public void The_published_exchange_has_the_published_stored_key()
    {
        // RFC 7677 section 3: password "pencil", this salt, 4096 iterations; StoredKey derived from it.
        const string verifier = "scram-sha-256:4096:W22ZaJ0SNY7soEsUEjb6gQ==:" +
            "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

        Assert.NotNull(TokensOf(verifier).Find("pencil"));
    }

    [Theory]
    [InlineData("sha256:xyz")]
    [InlineData("scram-sha-256:1:AAAA:AAAA:AAAA")]
    [InlineData("scram-sha-256:4096:*:*:*")]
    public void A_malformed_secret_says_what_would_be_right(string text)
    {
        var (secret, problem) = TokenSecret.Parse(text, salt: null);

        Assert.Null(secret);
        Assert.Contains("is '", problem, StringComparison.Ordinal);
    }

    private static Tokens TokensOf(string form)
    {
        var (secret, problem) = TokenSecret.Parse(form, salt: null);
        Assert.Null(problem);
        return new Tokens([new TokenSettings.OfAgent(secret!, Bot)]);
    }
}
