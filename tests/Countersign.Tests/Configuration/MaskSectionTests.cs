using System.Text;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Tests.Support;

namespace Countersign.Tests.Configuration;

/// <summary>What a target masks is what its configuration says, and nothing that would have no effect.</summary>
public sealed class MaskSectionTests : IDisposable
{
    private const string Tools = "gate: mcp, environment: test, upstream: { url: \"http://127.0.0.1:9000/mcp\" }";
    private const string Permits = "gate: api, environment: test";

    private const string Database = "gate: postgres, environment: test, upstream: \"postgresql://db.internal/orders\", "
        + "credentials: { admin: \"postgresql://admin:top-secret-value@db.internal/orders\" }";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_target_that_says_nothing_masks_secrets_and_nothing_else()
    {
        var redaction = Redaction($"{Tools}, labels: [internal]");

        var masked = new JsonRedactor(redaction.Masking, redaction.Fields).Redact(
            """{"api_key":"CAUQAA1b2C3d4E5f6G7h8","next_page_token":"CAUQAA1b2C3d4E5f6G7h8","mail":"joe@acme.io"}"""u8
                .ToArray(),
            out _);

        Assert.Equal(
            """{"api_key":"[assigned-secret]","next_page_token":"CAUQAA1b2C3d4E5f6G7h8","mail":"joe@acme.io"}""",
            Encoding.UTF8.GetString(masked.Span));
    }

    [Theory]
    [InlineData($"{Tools}, redact: none")]
    [InlineData(Permits)]
    [InlineData(Database)]
    public void Where_it_is_said_or_where_nothing_is_answered_nothing_is_masked(string target) =>
        Assert.True(Redaction(target).IsNone);

    [Theory]
    [InlineData("labels: [pii]", "{\"ssn\":\"[field]\",\"note\":\"write to [email]\"}")]
    [InlineData("redact: { response: [email] }", "{\"ssn\":\"536-22-8173\",\"note\":\"write to [email]\"}")]
    [InlineData("redact: { response: financial }", "{\"ssn\":\"536-22-8173\",\"note\":\"write to joe@acme.io\"}")]
    [InlineData("redact: { response: all }", "{\"ssn\":\"[us-ssn]\",\"note\":\"write to [email]\"}")]
    [InlineData("redact: { response: [pii], as: drop }", "{\"ssn\":\"\",\"note\":\"write to \"}")]
    [InlineData("labels: [pii], redact: none", "{\"ssn\":\"536-22-8173\",\"note\":\"write to joe@acme.io\"}")]
    [InlineData(
        "labels: [pii], redact: { as: generalise }", "{\"ssn\":\"[field]\",\"note\":\"write to [email acme.io]\"}")]
    [InlineData("redact: { response: [email, national], as: { email: partial, national: drop } }",
        "{\"ssn\":\"\",\"note\":\"write to [email j*]\"}")]
    [InlineData("mask: [ { field: SSN, as: redact } ]", "{\"ssn\":\"[field]\",\"note\":\"write to joe@acme.io\"}")]
    [InlineData("mask: [ { path: $..note, as: drop } ]", "{\"ssn\":\"536-22-8173\",\"note\":\"\"}")]
    [InlineData("labels: [pii], mask: [ { field: ssn, as: drop } ]", "{\"ssn\":\"\",\"note\":\"write to [email]\"}")]
    public void What_is_said_is_masked(string said, string expected)
    {
        var redaction = Redaction($"{Tools}, {said}");
        const string json = "{\"ssn\":\"536-22-8173\",\"note\":\"write to joe@acme.io\"}";

        var masked = new JsonRedactor(redaction.Masking, redaction.Fields)
            .Redact(Encoding.UTF8.GetBytes(json), out _);

        Assert.Equal(expected, Encoding.UTF8.GetString(masked.Span));
    }

    [Fact]
    public void Columns_of_a_database_are_masked_by_name_with_or_without_table_and_schema()
    {
        var fields = Redaction(
            $"{Database}, mask: [ {{ column: public.customers.ssn }}, {{ column: orders.note, as: drop }}, "
            + "{ column: iban, as: partial } ]").Fields;

        Assert.Equal(Treatment.Redact, fields.OfColumn("public", "customers", "ssn"));
        Assert.Null(fields.OfColumn("public", "staff", "ssn"));
        Assert.Equal(Treatment.Drop, fields.OfColumn("archive", "orders", "note"));
        Assert.Equal(Treatment.Partial, fields.OfColumn("archive", "payments", "iban"));
    }

    [Fact]
    public void Values_of_a_database_are_looked_at_as_columns_and_those_of_others_as_prose()
    {
        Assert.Equal(
            RedactionMode.Columns, Redaction($"{Database}, redact: {{ response: [email] }}").Values!.Mode);
        Assert.Equal(RedactionMode.Text, Redaction($"{Tools}, redact: {{ response: [email] }}").Values!.Mode);
    }

    [Theory]
    [InlineData("response: [badge]", "[badge] for bluebird")]
    [InlineData("response: [codename]", "B-123456 for [codename]")]
    [InlineData("response: all", "[badge] for [codename]")]
    [InlineData("response: [badge, codename], as: { badge: drop }", " for [codename]")]
    [InlineData("response: [email]", "B-123456 for bluebird")]
    public void The_operators_own_kinds_are_named_like_the_others(string redact, string expected)
    {
        var settings = Load(
            $"targets: {{ ops: {{ {Tools}, redact: {{ {redact} }} }} }}\nredaction:\n"
            + "  patterns: { badge: \"B-[0-9]{6}\" }\n  dictionaries: { codename: [Bluebird] }");

        var plan = Assert.Single(settings.Targets).Target.Redaction.Values!;

        Assert.Equal(expected, new Redactor(plan).Redact("B-123456 for bluebird", out _));
    }

    [Theory]
    [InlineData(Tools + ", redact: { response: [emial] }", "there is no kind 'emial'", "did you mean 'email'?")]
    [InlineData(Tools + ", redact: { response: [email], as: hsh }", "'hsh'", "did you mean 'hash'?")]
    [InlineData(Tools + ", redact: { response: [email], as: { crad: hash } }", "'crad'", "did you mean 'card'?")]
    [InlineData(Tools + ", redact: { respnse: [email] }", "'respnse'", "did you mean 'response'?")]
    [InlineData(Tools + ", redact: { as: drop }", "1:", "redact needs 'response'")]
    [InlineData(Tools + ", redact: email", "1:", "redact is a mapping")]
    [InlineData(Tools + ", mask: [ { feild: ssn } ]", "'feild'", "did you mean 'field'?")]
    [InlineData(Tools + ", mask: [ { as: drop } ]", "1:", "names one place")]
    [InlineData(Tools + ", mask: [ { field: a, path: $.b } ]", "1:", "names one place")]
    [InlineData(Tools + ", mask: [ { path: customers.ssn } ]", "'customers.ssn'", "$.member")]
    [InlineData(Tools + ", mask: [ { column: ssn } ]", "'column' has no effect at gate mcp", "'field'")]
    [InlineData(Permits + ", mask: [ { column: ssn } ]", "'column' has no effect at gate api", "'field'")]
    [InlineData(Tools + ", mask: [ { header: X-Api-Key } ]", "'header' has no effect", "take it out")]
    [InlineData(Database + ", mask: [ { header: X-Api-Key } ]", "'header' has no effect", "take it out")]
    [InlineData(Database + ", mask: [ { path: $..token } ]", "'path' has no effect", "name the column")]
    [InlineData(Database + ", mask: [ { column: a.b.c.d } ]", "'a.b.c.d'", "public.customers.ssn")]
    [InlineData(Database + ", mask: [ { column: ssn } ], record: behind", "never goes with 'mask'", "'with'")]
    [InlineData(Database + ", redact: { response: all }, record: behind", "never goes with 'redact'", "'with'")]
    [InlineData(Database + ", labels: [pci], record: behind", "never goes with a label", "redact: none")]
    public void A_mistake_has_its_place_and_its_remedy(string target, string what, string remedy)
    {
        var refusal = Assert.Throws<ConfigurationException>(() => Load($"targets: {{ ops: {{ {target} }} }}")).Message;

        Assert.Contains(":1:", refusal, StringComparison.Ordinal);
        Assert.Contains(what, refusal, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("top-secret-value", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("patterns: { badge: \"(a\" }", "'badge'")]
    [InlineData("patterns: { email: \"a+\" }", "'email'")]
    [InlineData("patterns: { Badge: \"a+\" }", "'Badge'")]
    [InlineData("patterns: [a]", "patterns is a mapping")]
    [InlineData("dictionaries: { codename: [\"-x\"] }", "begins with a letter")]
    [InlineData("keys: a", "did you mean 'key'?")]
    public void An_own_kind_that_could_not_be_looked_for_is_refused(string redaction, string what) =>
        Assert.Contains(
            what,
            Assert.Throws<ConfigurationException>(() => Load($"redaction: {{ {redaction} }}")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Without_its_key_a_value_that_is_to_be_hashed_is_masked_whole()
    {
        var settings = Load($"targets: {{ ops: {{ {Tools}, redact: {{ response: [email], as: hash }} }} }}");

        var locked = Mask(settings);
        var unlocked = Mask(settings.WithKey(new RedactionKey(new byte[RedactionKey.Length])));

        Assert.Equal("[email]", locked);
        Assert.StartsWith("[email #", unlocked, StringComparison.Ordinal);

        static string Mask(Settings settings) =>
            new Redactor(settings.Targets[0].Target.Redaction.Values!).Redact("joe@acme.io", out _);
    }

    [Fact]
    public void The_key_is_made_while_the_store_is_empty_and_is_the_same_afterwards()
    {
        var settings = Load($"targets: {{ ops: {{ {Tools}, redact: {{ response: [email], as: tokenise }} }} }}");

        using (var first = Keyring.Open(settings))
        using (var second = Keyring.Open(settings))
        {
            Assert.Equal(
                Masked(first.Unlock(settings)), Masked(second.Unlock(settings)));
        }

        var mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(settings.Redaction.KeyFile);
        Assert.Equal(
            OperatingSystem.IsWindows() ? default : UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);

        static string Masked(Settings settings) =>
            new Redactor(settings.Targets[0].Target.Redaction.Values!).Redact("joe@acme.io", out _);
    }

    [Fact]
    public void A_key_that_is_missing_for_a_store_in_use_is_not_made_again()
    {
        var needed = Load($"targets: {{ ops: {{ {Tools}, redact: {{ response: [email], as: hash }} }} }}");
        var other = Load($"targets: {{ ops: {{ {Tools} }} }}");

        var refusal = Assert.Throws<ConfigurationException>(() => RedactionKeyFile.Open(needed, storeIsEmpty: false));

        Assert.Contains(needed.Redaction.KeyFile, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("chmod 600", refusal.Message, StringComparison.Ordinal);
        Assert.Null(RedactionKeyFile.Open(other, storeIsEmpty: false));
    }

    private TargetRedaction Redaction(string target) =>
        Assert.Single(Load($"targets: {{ ops: {{ {target} }} }}").Targets).Target.Redaction;

    private Settings Load(string text)
    {
        File.WriteAllText(_folder.PathOf("policy.yaml"), "version: 1\ndefault: deny\n");
        File.WriteAllText(
            _folder.PathOf("countersign.yaml"), text + "\npeople: [ { id: alice } ]\npolicies: policy.yaml\n");
        return SettingsFile.Load(_folder.PathOf("countersign.yaml"), _ => null);
    }
}
