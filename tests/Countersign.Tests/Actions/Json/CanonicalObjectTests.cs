using Countersign.Core.Actions.Json;

namespace Countersign.Tests.Actions.Json;

public sealed class CanonicalObjectTests
{
    [Fact]
    public void Members_added_in_any_order_give_the_canonical_object()
    {
        CanonicalJson composed = new CanonicalObject()
            .Add("target", "orders-db")
            .Add("operation", "sql")
            .Add("limit", long.MaxValue)
            .Add("dry", false)
            .Add("note", CanonicalJson.Null)
            .Add("arguments", new CanonicalObject().Add("text", "SELECT \"é\"\n\u0000").ToCanonicalJson())
            .Add("empty", CanonicalJson.ArrayOf([]))
            .Add("tags", CanonicalJson.ArrayOf([CanonicalJson.Of("a"), CanonicalJson.Of(-1), CanonicalJson.Of(true)]))
            .ToCanonicalJson();

        Assert.Equal(
            """
            {"arguments":{"text":"SELECT \"é\"\n\u0000"},"dry":false,"empty":[],"limit":9223372036854775807,
            "note":null,"operation":"sql","tags":["a",-1,true],"target":"orders-db"}
            """.ReplaceLineEndings(""),
            composed.ToString());
        Assert.Equal(composed.ToString(), Canonical.Form(composed.ToString()));
    }

    [Theory]
    [InlineData("target")]
    [InlineData("TARGET")]
    public void A_name_is_taken_once_ignoring_case(string second) =>
        Assert.Throws<ArgumentException>(() => new CanonicalObject().Add("target", "a").Add(second, "b"));

    [Fact]
    public void A_lone_surrogate_is_never_replaced_in_silence()
    {
        Assert.ThrowsAny<ArgumentException>(() => CanonicalJson.Of("\ud800"));
        Assert.ThrowsAny<ArgumentException>(() => new CanonicalObject().Add("\udc00", 1).ToCanonicalJson());
    }

    [Fact]
    public void What_was_composed_does_not_change_with_later_additions()
    {
        CanonicalObject draft = new CanonicalObject().Add("a", 1);
        CanonicalJson first = draft.ToCanonicalJson();
        draft.Add("b", 2);

        Assert.Equal("""{"a":1}""", first.ToString());
        Assert.Equal("""{"a":1,"b":2}""", draft.ToCanonicalJson().ToString());
    }
}
