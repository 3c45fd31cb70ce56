using Countersign.Server.Configuration;
using Countersign.Tests.Support;

namespace Countersign.Tests.Configuration;

/// <summary>Mistakes in <c>sign_in</c>, <c>issuers</c> and <c>break_glass</c>, and in what refers to them.</summary>
public sealed class SignInSectionTests
{
    private const string Provider =
        "provider: { issuer: https://id.example.com, client_id: c, groups: { owners: dba } }";

    [Theory]
    [InlineData("sign_in: { provider: { client_id: c } }", "needs 'issuer'")]
    [InlineData("sign_in: { provider: { issuer: https://id.example.com } }", "needs 'client_id'")]
    [InlineData("sign_in: { provider: { issuer: http://id.example.com, client_id: c } }", "over https")]
    [InlineData("sign_in: { provider: { issuer: 'https://id.example.com?x', client_id: c } }", "without '?'")]
    [InlineData("sign_in: { provider: { issuer: https://i.example, client_id: c, algorithms: [HS256] } }", "not taken")]
    [InlineData("sign_in: { provider: { issuer: https://i.example, client_id: c, algorithms: [none] } }", "not taken")]
    [InlineData("sign_in: { proxy: { user_header: X-User, secret_header: X-Secret } }", "could be anybody")]
    [InlineData("sign_in: { proxy: { user_header: X, secret_header: Y, secret: short } }", "at least 16")]
    [InlineData("sign_in: { proxy: { user_header: X, secret_header: x, secret: long-enough-secret } }", "two headers")]
    [InlineData("sign_in: { tokens: false }", "another way to sign in")]
    [InlineData("sign_in: { idle: 13h }", "at most")]
    [InlineData("issuers: [ { issuer: https://id.example.com } ]", "needs 'audience'")]
    [InlineData(
        "issuers: [ { issuer: https://i.example, audience: a }, { issuer: https://i.example, audience: b } ]", "twice")]
    [InlineData("issuers: [ { issuer: https://i.example, audience: a, keys: http://i.example/k } ]", "over https")]
    [InlineData("break_glass: { time_box: 2d }", "at most")]
    [InlineData("people: [ { id: alice, accounts: { oidc: x } } ]", "no 'provider' under sign_in")]
    [InlineData("people: [ { id: alice, accounts: { proxy: x } } ]", "no 'proxy' under sign_in")]
    [InlineData("people: [ { id: alice, roles: [ break-glas ] } ]", "did you mean 'break-glass'")]
    [InlineData(
        "people: [ { id: alice, away: { from: 2026-01-01T00:00:00Z, until: 2026-06-01T00:00:00Z, deputy: alice } } ]",
        "nobody else under people")]
    [InlineData(
        "people: [ { id: b }, { id: a, away: { from: 2026-01-02T00:00Z, until: 2026-01-01T00:00Z, deputy: b } } ]",
        "after 'from'")]
    public void A_mistake_is_told_with_its_remedy(string text, string expected) => AssertRefused(text, expected);

    [Theory]
    [InlineData("people: [ { id: alice, groups: [ dba ] } ]", "says the identity provider; take it out")]
    [InlineData("people: [ { id: alice } ]\nagents: [ { id: bot, owner: group:dba } ]", "an agent belongs to a person")]
    [InlineData("people: [ { id: a, accounts: { oidc: x } }, { id: b, accounts: { oidc: x } } ]", "somebody's already")]
    [InlineData(
        "people: [ { id: a } ]\n" +
        "agents: [ { id: bot, owner: a, identities: [ { issuer: https://i.example, subject: x } ] } ]",
        "not among 'issuers'")]
    [InlineData(
        "people: [ { id: a } ]\nagents: [ { id: bot, owner: a, identities: [ { certificate: abc } ] } ]",
        "64 hex digits")]
    [InlineData("issuers: [ { issuer: https://id.example.com, audience: c } ]", "different audiences")]
    [InlineData("public_url: http://countersign.example.com", "needs https")]
    public void What_a_provider_says_of_people_is_said_by_nobody_else(string text, string expected) =>
        AssertRefused($"{text}\nsign_in: {{ {Provider} }}", expected);

    [Fact]
    public void A_group_of_the_provider_may_review_though_nobody_is_in_it_by_the_file()
    {
        var settings = Load(
            $"people: [ {{ id: alice, accounts: {{ oidc: x }} }} ]\nsign_in: {{ {Provider} }}\n" +
            "targets: { sdk: { gate: api, environment: production, reviewers: group:dba } }");

        Assert.Equal("c", settings.Identified.SignIn.Provider!.ClientId);
    }

    private static void AssertRefused(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<ConfigurationException>(() => Load(text)).Message);

    private static Settings Load(string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("policy.yaml"), "version: 1\ndefault: deny\n");
        File.WriteAllText(folder.PathOf("countersign.yaml"), $"{text}\npolicies: policy.yaml\n");
        return SettingsFile.Load(folder.PathOf("countersign.yaml"), static _ => null);
    }
}
