using Countersign.Server.Configuration;
using Countersign.Tests.Support;

namespace Countersign.Tests.Configuration;

/// <summary>What the configuration says is done, or refused with its place; nothing is read and then ignored.</summary>
public sealed class SettingsFileTests : IDisposable
{
    private const string Http = "gate: mcp, environment: test, upstream: { url: \"http://127.0.0.1:9000/mcp\" }";
    private const string Program = "gate: mcp, environment: test, upstream: { command: [ node, server.js ] }";
    private const string Database = "gate: postgres, environment: test";
    private const string Web = "gate: http, environment: test, upstream: \"http://127.0.0.1:9000\"";
    private const string Permits = "gate: api, environment: test";
    private const string Credential = "credentials: { header: Authorization, value: top-secret-value }";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("agents: [ { id: bot, ownr: alice } ]", "1:22: an agent has no key 'ownr' (did you mean 'owner'?)")]
    [InlineData("agents: [ { idd: bot, owner: alice } ]", "1:13: an agent has no key 'idd' (did you mean 'id'?)")]
    [InlineData("targets: { ops: { gaet: api, environment: test } }", "1:19: target 'ops' has no key 'gaet' " +
        "(did you mean 'gate'?)")]
    [InlineData("targets: { ops: { gate: api, enviroment: test } }", "1:30: target 'ops' has no key 'enviroment' " +
        "(did you mean 'environment'?)")]
    [InlineData("agents: [ { id: bot, owner: alice, tokens: [ { valu: abc } ] } ]", "1:48: a token has no key 'valu' " +
        "(did you mean 'value'?)")]
    public void A_misspelled_key_is_one_mistake(string text, string expected) =>
        Assert.Equal(expected, Refusal(text));

    [Theory]
    [InlineData("listen: https://127.0.0.1:7070", "1:9: ", "needs 'tls'")]
    [InlineData("tls: { certificate: a.pem, key: b.pem }", "1:6: ", "'listen' has to begin with https://")]
    [InlineData("listen: http://127.0.0.1:7070/gate", "1:9: ", "without a path")]
    [InlineData("public_url: https://example.com/countersign", "1:13: ", "without a path")]
    [InlineData("public_url: https://alice:secret@example.com", "1:13: ", "without")]
    [InlineData("ledger: { origin: \"two words\" }", "1:19: ", "is not a key name")]
    public void An_address_or_name_that_could_not_be_kept_is_refused(string text, string place, string remedy)
    {
        var refusal = Refusal(text);

        Assert.StartsWith(place, refusal, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Permits + ", " + Credential, "'credentials'")]
    [InlineData(Permits + ", upstream: { url: \"http://127.0.0.1:9000\" }", "'upstream'")]
    [InlineData(Permits + ", ask_reason: true", "'ask_reason'")]
    [InlineData(Program + ", " + Credential, "'credentials'")]
    [InlineData("gate: mcp, environment: test, upstream: { url: \"http://x/\", args: [a] }", "'args'")]
    [InlineData("gate: mcp, environment: test, upstream: { url: \"http://x/\", environment_variables: { A: b } }",
        "'environment_variables'")]
    [InlineData("gate: mcp, environment: test, upstream: { args: [a] }", "either 'url' or 'command'")]
    [InlineData("gate: mcp, environment: test, upstream: { url: \"http://me:top-secret-value@x/\" }", "'credentials'")]
    [InlineData(Http + ", credentials: { header: \"X Y\", value: top-secret-value }", "'X Y'")]
    [InlineData(Http + ", credentials: { header: Content-Type, value: top-secret-value }", "'Content-Type'")]
    [InlineData(Http + ", credentials: { header: X-Key, value: \"top-secret-value\\nX: y\" }", "line break")]
    [InlineData(Http + ", credentials: { header: Accept, value: top-secret-value }", "'Accept'")]
    [InlineData(Http + ", credentials: { header: X-Key, value: \"top-secret-value\u00e9\" }", "printable ASCII")]
    [InlineData(Http + ", credentials: { exec: [] }", "'exec' is a program")]
    [InlineData(Http + ", credentials: { exec: [\"\"] }", "'exec' is a program")]
    [InlineData(Http + ", credentials: { exec: [mint], ttl: soon }", "ttl is")]
    [InlineData(Http + ", credentials: { exec: [mint], ttl: 2d }", "ttl is at most 1 d")]
    [InlineData(Http + ", credentials: { exec: [mint], header: Mcp-Name }", "'Mcp-Name'")]
    [InlineData(Http + ", credentials: { exec: [mint], value: \"\" }", "the credential")]
    [InlineData(Http + ", credentials: { header: X-Key, value: top-secret-value, ttl: 5m }", "'ttl'")]
    [InlineData(Http + ", credentials: { header: X-Key }", "or 'exec' that makes one")]
    [InlineData(Program + ", credentials: { exec: [mint] }", "serves all calls of a session")]
    [InlineData(Permits + ", credentials: { exec: [mint] }", "'credentials'")]
    [InlineData(Permits + ", preview: { a: b }", "'preview'")]
    [InlineData(Http + ", preview: { a: a }", "'a' cannot preview itself")]
    [InlineData(Http + ", preview: { a: b, b: c }", "'b' has a preview of its own")]
    [InlineData(Http + ", preview: { a: approval_wait }", "a tool of the gateway")]
    [InlineData(Http + ", preview: { a: \"\" }", "the preview of 'a'")]
    [InlineData(Http + ", preview: { a: [b] }", "the preview of 'a' is a text")]
    [InlineData(Http + ", preview: [\"--dry-run\"]", "preview is a mapping")]
    [InlineData(Permits + ", agents: [ [ bot ] ]", "an item of agents is a text")]
    [InlineData(Http + ", record: behind", "gate mcp opens no windows for reads. Write 'with' or 'before'")]
    [InlineData(Permits + ", record: behind", "gate api opens no windows for reads")]
    [InlineData(Http + ", report_within: 1h", "'report_within' has no effect at gate mcp")]
    [InlineData(Permits + ", report_within: 31d", "report_within")]
    [InlineData(Http + ", record: behnd", "did you mean 'behind'?")]
    [InlineData(Database + ", record: behind, mask: [ { column: \"a.b.c\", as: redact } ]", "never goes with 'mask'")]
    [InlineData(Web + ", record: behind, mask: [ { field: ssn } ]", "never goes with 'mask'")]
    [InlineData(Web + ", record: behind", "the secrets that are masked unless 'redact: none' is said")]
    public void A_setting_without_effect_is_refused_by_name(string target, string name)
    {
        var refusal = Refusal($"targets: {{ ops: {{ {target} }} }}");

        Assert.Contains(name, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("top-secret-value", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Database)]
    [InlineData(Web + ", redact: none")]
    public void Gates_with_windows_may_record_reads_behind(string target) =>
        Assert.DoesNotContain("record", Refusal(
            $"targets: {{ some: {{ {target}, record: behind, deny_for: soon }} }}"), StringComparison.Ordinal);

    [Theory]
    [InlineData(Http + ", ask_reason: true, " + Credential)]
    [InlineData(Program)]
    [InlineData(Program + ", preview: { export: count, delete: count }")]
    [InlineData(Http + ", record: with")]
    [InlineData(Http + ", record: before")]
    [InlineData(Permits + ", reviewers: alice, visibility: reviewers")]
    public void What_has_an_effect_is_accepted(string target) =>
        Assert.Single(Load($"targets: {{ ops: {{ {target} }} }}").Targets);

    [Theory]
    [InlineData("exec: mint", "mint", "Authorization", 300, null)]
    [InlineData("exec: [mint, --short], header: X-Key, ttl: 90s", "mint --short", "X-Key", 90, null)]
    [InlineData(
        "exec: [./mint.sh], value: abcdefgh", "FOLDER/mint.sh", "Authorization", 300, "Authorization: abcdefgh")]
    [InlineData("exec: [/bin/mint], header: X-Key, value: abcdefgh", "/bin/mint", "X-Key", 300, "X-Key: abcdefgh")]
    public void A_helper_makes_credentials_beside_a_standing_one_or_alone(
        string credentials, string command, string header, int seconds, string? standing)
    {
        var upstream = Assert.Single(
            Load($"targets: {{ ops: {{ {Http}, credentials: {{ {credentials} }} }} }}").Targets).Upstream!;

        var folder = Path.GetDirectoryName(_folder.PathOf("countersign.yaml"));
        Assert.Equal(
            command, string.Join(' ', upstream.Mint!.Command).Replace(folder!, "FOLDER", StringComparison.Ordinal));
        Assert.Equal((header, TimeSpan.FromSeconds(seconds)), (upstream.Mint.Header, upstream.Mint.TimeToLive));
        Assert.Equal(standing, upstream.Credential is { } known ? $"{known.Header}: {known.Value}" : null);
    }

    private string Refusal(string text)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Load(text));
        return refused.Message.Replace(_folder.PathOf("countersign.yaml") + ":", "", StringComparison.Ordinal);
    }

    private Settings Load(string text)
    {
        File.WriteAllText(_folder.PathOf("policy.yaml"), "version: 1\ndefault: deny\n");
        File.WriteAllText(
            _folder.PathOf("countersign.yaml"), text + "\npeople: [ { id: alice } ]\npolicies: policy.yaml\n");
        return SettingsFile.Load(_folder.PathOf("countersign.yaml"), _ => null);
    }
}
