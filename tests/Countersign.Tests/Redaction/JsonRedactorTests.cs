using System.Text;
using System.Text.Json;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;

namespace Countersign.Tests.Redaction;

public sealed class JsonRedactorTests
{
    private static readonly RedactionPlan Plan = RedactionPlan.Create(new RedactionOptions());

    [Theory]
    [InlineData("$.customers[*].name", """{"customers":[{"name":"[field]"},{"name":"[field]"}],"name":"x"}""")]
    [InlineData("$.customers[1].name", """{"customers":[{"name":"a"},{"name":"[field]"}],"name":"x"}""")]
    [InlineData("$..name", """{"customers":[{"name":"[field]"},{"name":"[field]"}],"name":"[field]"}""")]
    [InlineData("$.customers[0]", """{"customers":["[field]",{"name":"b"}],"name":"x"}""")]
    [InlineData("$.*", """{"customers":"[field]","name":"[field]"}""")]
    [InlineData("$['name']", """{"customers":[{"name":"a"},{"name":"b"}],"name":"[field]"}""")]
    public void A_path_masks_what_it_leads_to(string path, string expected)
    {
        const string Json = """{"customers":[{"name":"a"},{"name":"b"}],"name":"x"}""";

        Assert.Equal(expected, Redact(Json, new FieldRule.AtPath(JsonPath.Parse(path), Treatment.Redact)));
    }

    [Theory]
    [InlineData("$")]
    [InlineData("name")]
    [InlineData("$.a[?(@.b)]..")]
    [InlineData("$.")]
    [InlineData("$[")]
    public void A_path_that_is_not_understood_is_refused(string path) =>
        Assert.Throws<ArgumentException>(() => JsonPath.Parse(path));

    [Theory]
    [InlineData("""{"first_name":"Ann","FirstName":"Bo","first-name":["x",1],"other":"y"}""",
        """{"first_name":"[field]","FirstName":"[field]","first-name":"[field]","other":"y"}""")]
    [InlineData("""{"a":{"firstname":{"deep":true}}}""", """{"a":{"firstname":"[field]"}}""")]
    [InlineData("""{"firstname":null}""", """{"firstname":"[field]"}""")]
    public void A_name_masks_every_member_that_is_called_so(string json, string expected) =>
        Assert.Equal(expected, Redact(json, new FieldRule.Named("firstName", Treatment.Redact)));

    [Theory]
    [InlineData("""{ "to" : "a@example.org" , "n":1 }""", """{ "to" : "[email]" , "n":1 }""")]
    [InlineData("""{"pan":4111111111111111,"id":460899847}""", """{"pan":"[card]","id":460899847}""")]
    [InlineData("""{"ssn":460899847}""", """{"ssn":"[us-ssn]"}""")]
    [InlineData("""{"a@example.org":1}""", """{"[email]":1}""")]
    [InlineData("""{"password":"x y","db":{"userPassword":"äöü"}}""",
        """{"password":"[assigned-secret]","db":{"userPassword":"[assigned-secret]"}}""")]
    [InlineData("""{"apiKey":"abcdefgh1234","next_token":"abcdefgh1234","token_count":12}""",
        """{"apiKey":"[assigned-secret]","next_token":"abcdefgh1234","token_count":12}""")]
    [InlineData("""["a\u0040example.org","\"a@example.org\""]""", """["[email]","\"[email]\""]""")]
    [InlineData("""{"phone":"0487981192","order":"0487981192"}""", """{"phone":"[phone]","order":"0487981192"}""")]
    [InlineData("""not JSON: a@example.org""", """not JSON: [email]""")]
    [InlineData("""{"a":"a@example.org" """, """{"a":"[email]" """)]
    public void Names_and_detectors_find_the_rest(string json, string expected) => Assert.Equal(expected, Redact(json));

    [Theory]
    [InlineData("""[{"note":"hunter22","password":"hunter22"},{"note":"hunter22","password":"hunter22"}]""",
        """[{"note":"hunter22","password":"[assigned-secret]"},{"note":"hunter22","password":"[assigned-secret]"}]""")]
    [InlineData("""[{"to":"ann"},{"to":"a@example.org"},{"to":"ann"},{"to":"a@example.org"},{"to":""}]""",
        """[{"to":"ann"},{"to":"[email]"},{"to":"ann"},{"to":"[email]"},{"to":""}]""")]
    [InlineData("""[{"to":"{\"pan\":1}"},{"to":"{\"password\":\"x\"}"},{"to":"{\"pan\":1}"}]""",
        """[{"to":"{\"pan\":1}"},{"to":"{\"password\":\"[assigned-secret]\"}"},{"to":"{\"pan\":1}"}]""")]
    public void A_value_that_comes_again_is_masked_again(string json, string expected)
    {
        var redactor = new JsonRedactor(Plan, FieldRules.None);
        for (var again = 0; again < 2; again++)
        {
            var masked = redactor.Redact(Encoding.UTF8.GetBytes(json), out _);
            Assert.Equal(expected, Encoding.UTF8.GetString(masked.Span));
        }
    }

    [Fact]
    public void What_passed_in_the_innermost_document_is_searched_again_elsewhere()
    {
        const string Secret = """{"password":"x"}""";
        var inner = Secret;
        for (var depth = 0; depth < 4; depth++)
        {
            inner = JsonSerializer.Serialize(new { to = inner });
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(new[] { new { to = inner }, new { to = Secret } });
        var masked = new JsonRedactor(Plan, FieldRules.None).Redact(json, out _);

        var last = JsonDocument.Parse(masked).RootElement[1].GetProperty("to").GetString();
        Assert.Equal("""{"password":"[assigned-secret]"}""", last);
    }

    [Fact]
    public void A_document_without_values_stays_the_same_memory()
    {
        ReadOnlyMemory<byte> json = """{"a":[1,2.50,"x"],  "b":null}"""u8.ToArray();

        var masked = new JsonRedactor(Plan, FieldRules.None).Redact(json, out var report);

        Assert.Equal(json, masked);
        Assert.Equal(0, report.Total);
    }

    [Fact]
    public void What_comes_out_is_JSON_for_every_treatment()
    {
        var key = new RedactionKey(new byte[RedactionKey.Length]);
        foreach (var name in (string[])["redact", "partial", "hash", "tokenise", "generalise", "drop"])
        {
            var plan = RedactionPlan.Create(new RedactionOptions { Treatment = Treatment.Named(name)!, Key = key });
            var made = new Made(name.Length);
            var json = JsonSerializer.SerializeToUtf8Bytes(new
            {
                text = $"\"{made.Email()}\"\n\\{made.Card()}\\",
                list = new[] { made.Iban(), $"https://u:p\u0022w@example.org/{made.Word(5)}" },
                pan = 4111111111111111,
            });

            var masked = new JsonRedactor(plan, FieldRules.None).Redact(json, out var report);

            using var document = JsonDocument.Parse(masked);
            Assert.True(report.Total >= 4);
        }
    }

    [Fact]
    public void Headers_and_columns_have_rules_of_their_own()
    {
        var rules = FieldRules.Of(
            new FieldRule.Header("X-Api-Key", Treatment.Drop),
            new FieldRule.Column("public.customers.ssn", Treatment.Redact),
            new FieldRule.Column("email", Treatment.Hash));

        Assert.Equal(Treatment.Drop, rules.OfHeader("x-api-key"));
        Assert.Null(rules.OfHeader("accept"));
        Assert.Equal(Treatment.Redact, rules.OfColumn("public", "customers", "SSN"));
        Assert.Null(rules.OfColumn("public", "orders", "ssn"));
        Assert.Equal(Treatment.Hash, rules.OfColumn("any", "table", "email"));
    }

    [Fact]
    public void A_label_stands_for_kinds_and_fields()
    {
        var pii = DataClass.Of("pii")!;

        Assert.Contains(pii.Kinds, kind => kind.Name == "us-ssn");
        Assert.Equal(
            """{"last_name":"[field]","x":1}""",
            Redact("""{"last_name":"Liddell","x":1}""", [.. pii.Rules(Treatment.Redact)]));
        Assert.Null(DataClass.Of("unheard-of"));
    }

    private static string Redact(string json, params FieldRule[] rules) => Encoding.UTF8.GetString(
        new JsonRedactor(Plan, FieldRules.Of(rules)).Redact(Encoding.UTF8.GetBytes(json), out _).Span);
}
