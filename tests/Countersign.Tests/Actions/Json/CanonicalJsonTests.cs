using System.Text;
using Countersign.Core.Actions.Json;

namespace Countersign.Tests.Actions.Json;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("arrays")]
    [InlineData("french")]
    [InlineData("structures")]
    [InlineData("unicode")]
    [InlineData("values")]
    [InlineData("weird")]
    public void A_published_input_gives_its_published_output_byte_for_byte(string name)
    {
        byte[] input = File.ReadAllBytes(RepositoryRoot.SharedData("jcs", "input", $"{name}.json"));
        byte[] output = File.ReadAllBytes(RepositoryRoot.SharedData("jcs", "output", $"{name}.json"));

        // One published input has names that differ in case only, which RFC 8785 allows and an action may not have.
        var limits = new JsonLimits { NamesMayDifferInCaseOnly = true };
        Assert.True(CanonicalJson.TryCanonicalize(input, limits, out CanonicalJson? form, out _));
        Assert.Equal(Encoding.UTF8.GetString(output), form.ToString());
        Assert.Equal(output, form.Bytes.ToArray());
    }

    [Theory]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "0")]
    [InlineData("-0e7", "0")]
    [InlineData("1.0", "1")]
    [InlineData("10e-1", "1")]
    [InlineData("1E+2", "100")]
    [InlineData("1e-400", "0")]
    [InlineData("-1.50", "-1.5")]
    [InlineData("9007199254740991", "9007199254740991")]
    [InlineData("9007199254740993", "9007199254740993")]
    [InlineData("-9007199254740993", "-9007199254740993")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("1e30", "1e+30")]
    [InlineData("9007199254740993.0", "9007199254740992")]
    public void A_number_gets_the_ECMAScript_layout_and_an_integer_literal_keeps_its_digits(
        string number, string expected) =>
        Assert.Equal($"[{expected}]", Canonical.Form($"[{number}]"));

    [Theory]
    [InlineData("""  "a"  """, "\"a\"")]
    [InlineData("""  "\/\u0041"  """, "\"/A\"")]
    [InlineData("""  "\u0000\u0008\u0009\u000a\u000C\u000d\u001F"  """, """  "\u0000\b\t\n\f\r\u001f"  """)]
    [InlineData("""  "\"\\"  """, """  "\"\\"  """)]
    [InlineData("""  "\u20ac\uD83D\ude00\u007f"  """, "\"€😀\u007f\"")]
    [InlineData("\"e\u0301\"", "\"e\u0301\"")]
    public void A_string_keeps_its_characters_and_loses_every_needless_escape(string text, string expected) =>
        Assert.Equal(expected.Trim(), Canonical.Form(text));

    [Theory]
    [InlineData("""{"b":1,"a":2}""", """{"a":2,"b":1}""")]
    [InlineData("""{"b":{"d":[],"c":{}},"a":[{"z":1,"y":2}]}""", """{"a":[{"y":2,"z":1}],"b":{"c":{},"d":[]}}""")]
    [InlineData("{\"\uFB33\":1,\"😀\":2}", "{\"😀\":2,\"\uFB33\":1}")]
    [InlineData("""{"\u0062":1,"\u0061":2}""", """{"a":2,"b":1}""")]
    [InlineData("""{"":1,"aa":2,"a":3}""", """{"":1,"a":3,"aa":2}""")]
    public void Members_stand_in_the_order_of_UTF_16_code_units_at_every_level(string json, string expected) =>
        Assert.Equal(expected, Canonical.Form(json));

    [Fact]
    public void White_space_between_tokens_disappears() =>
        Assert.Equal("""{"a":[true,false,null]}""", Canonical.Form(" {\t\"a\" :\r\n [ true , false , null ] } \n"));

    [Fact]
    public void A_document_at_its_limits_is_accepted()
    {
        var limits = new JsonLimits { Bytes = 41, Depth = 2, Values = 3, NumberCharacters = 32 };
        byte[] json = Encoding.UTF8.GetBytes($"{{\"a\":[{new string('1', 32)}]}} ");

        Assert.True(CanonicalJson.TryCanonicalize(json, limits, out _, out _));
    }

    [Fact]
    public void A_canonical_form_longer_than_the_limit_is_refused_since_it_could_not_be_read_again()
    {
        JsonRefusal refusal = Canonical.Refusal("[1e20]"u8, new JsonLimits { Bytes = 10 });

        Assert.Equal(JsonFault.TooManyBytes, refusal.Fault);
    }

    [Fact]
    public void A_member_of_a_canonical_object_is_canonical_itself()
    {
        CanonicalJson json = Canonical.Form("""{"target":"x","arguments":{"b":1.0,"a":[]}}"""u8);

        Assert.True(json.TryGetMember("arguments", out CanonicalJson? arguments));
        Assert.Equal("""{"a":[],"b":1}""", arguments.ToString());
        Assert.False(json.TryGetMember("operation", out _));
        Assert.False(Canonical.Form("[]"u8).TryGetMember("operation", out _));
    }

    [Fact]
    public void A_limit_that_nothing_could_pass_is_refused_by_name()
    {
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => new JsonLimits { Depth = 0 });

        Assert.Contains("The JSON limit Depth must lie between 1 and 512.", refused.Message, StringComparison.Ordinal);
    }
}
