using System.Text.Json;
using Countersign.Core.Actions;
using static Countersign.Tests.Policies.PolicyFixture;

namespace Countersign.Tests.Policies;

/// <summary>Facts that arrive as JSON have the declared type all the way down, or they are errors.</summary>
public sealed class DerivedFactTests
{
    [Theory]
    [InlineData("query", """{"tag":["a","b"]}""", "http.query[\"tag\"].exists(t, t == \"b\")", true)]
    [InlineData("query", """{"tag":["a"]}""", "http.query[\"tag\"].exists(t, t == \"b\")", false)]
    [InlineData("query", """{"tag":"b"}""", "size(http.query) == 0", true)]
    [InlineData("headers", """{"accept":"*/*"}""", "http.headers[\"accept\"] == \"*/*\"", true)]
    [InlineData("headers", """{"accept":["*/*"]}""", "size(http.headers) == 0", true)]
    [InlineData("headers", "[]", "size(http.headers) == 0", true)]
    [InlineData("body", """{"amount":12.5}""", "http.body.amount > 12", true)]
    [InlineData("body", """{"amount":12}""", "http.body.amount > 12", false)]
    [InlineData("mapped", "true", "http.mapped", true)]
    [InlineData("mapped", "\"true\"", "!http.mapped", true)]
    public void A_document_is_read_with_its_declared_type(string member, string json, string condition, bool denied)
    {
        using var document = JsonDocument.Parse(json);
        var input = Input(GateKind.Http, Facts.Of("http", (member, document.RootElement.Clone())));

        Assert.Equal(denied ? "r0" : "default", Ids(Loaded(Rules($"deny: {condition}")).Judge(input)));
    }

    [Fact]
    public void A_value_that_no_policy_can_read_makes_stricter()
    {
        var input = Input(GateKind.Http, Facts.Of("http", ("path", new Version(1, 2))));

        Assert.Equal("r0", Ids(Loaded(Rules("deny: http.path == \"/\"")).Judge(input)));
    }

    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":"\ud800"}""")]
    public void Text_that_is_no_unicode_makes_stricter(string json)
    {
        using var document = JsonDocument.Parse(json);
        var input = Input(GateKind.Http, Facts.Of("http", ("body", document.RootElement.Clone())));

        Assert.Equal("r0", Ids(Loaded(Rules("deny: http.body.a == \"x\"")).Judge(input)));
    }

    [Fact]
    public void A_list_beyond_its_declared_size_makes_stricter()
    {
        object verbs = Texts([.. Enumerable.Repeat("SELECT", 10_000)]);

        Assert.Equal("r0", Ids(Loaded(Rules("deny: \"DROP\" in sql.verbs")).Judge(Sql(("verbs", verbs)))));
        Assert.Equal("default", Ids(Loaded(Rules("allow: !(\"DROP\" in sql.verbs)")).Judge(Sql(("verbs", verbs)))));
    }
}
