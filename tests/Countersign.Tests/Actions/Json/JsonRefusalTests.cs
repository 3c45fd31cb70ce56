using System.Text;
using Countersign.Core.Actions.Json;

namespace Countersign.Tests.Actions.Json;

public sealed class JsonRefusalTests
{
    private static readonly JsonLimits Tight = new() { Bytes = 200, Depth = 4, Values = 6, NumberCharacters = 32 };

    // Each byte of a case is one character of Latin-1, so that a case can hold bytes that are not UTF-8.
    public static TheoryData<string, JsonFault, int, string> Cases => new()
    {
        { """{"amount":1,"amount":1000}""", JsonFault.DuplicateName, 12, "$.amount" },
        { """{"amount":1,"a\u006dount":1000}""", JsonFault.DuplicateName, 12, "$.amount" },
        { """{"x":[{"to":1,"a":2,"to":3}]}""", JsonFault.DuplicateName, 20, "$.x[0].to" },
        { """{"amount":1,"Amount":1000}""", JsonFault.NamesDifferInCaseOnly, 12, "$.Amount" },
        { """{"\u00e9":1,"\u00c9":2}""", JsonFault.NamesDifferInCaseOnly, 12, "$['\\u00c9']" },
        { """["\ud800"]""", JsonFault.LoneSurrogate, 2, "$[0]" },
        { """["\udc00"]""", JsonFault.LoneSurrogate, 2, "$[0]" },
        { """["\ud800\ud800"]""", JsonFault.LoneSurrogate, 2, "$[0]" },
        { """["\ud800\n"]""", JsonFault.LoneSurrogate, 2, "$[0]" },
        { """{"\udfff":1}""", JsonFault.LoneSurrogate, 2, "$" },
        { "[\"ab\xFF\"]", JsonFault.InvalidUtf8, 4, "$" },
        { "[\"\xC0\xAF\"]", JsonFault.InvalidUtf8, 2, "$" },
        { "[\"\xED\xA0\x80\"]", JsonFault.InvalidUtf8, 2, "$" },
        { "[\"\xE2\x82\"]", JsonFault.InvalidUtf8, 2, "$" },
        { "\xEF\xBB\xBF{}", JsonFault.ByteOrderMark, 0, "$" },
        { "\xFE\xFF\0{\0}", JsonFault.InvalidUtf8, 0, "$" },
        { "\0{\0}", JsonFault.UnexpectedByte, 0, "$" },
        { "[\"\0\"]", JsonFault.ControlCharacter, 2, "$[0]" },
        { "[\"a\n\"]", JsonFault.ControlCharacter, 3, "$[0]" },
        { "// hello\n{}", JsonFault.Comment, 0, "$" },
        { "{/**/}", JsonFault.Comment, 1, "$" },
        { "[1/**/]", JsonFault.Comment, 2, "$[0]" },
        { "{} // end", JsonFault.Comment, 3, "$" },
        { "[1,]", JsonFault.TrailingComma, 2, "$[0]" },
        { """{"a":1, }""", JsonFault.TrailingComma, 6, "$.a" },
        { "[,1]", JsonFault.UnexpectedByte, 1, "$[0]" },
        { "NaN", JsonFault.NonFiniteNumber, 0, "$" },
        { """{"a":Infinity}""", JsonFault.NonFiniteNumber, 5, "$.a" },
        { "-Infinity", JsonFault.NonFiniteNumber, 0, "$" },
        { "1e400", JsonFault.NumberOverflow, 0, "$" },
        { "-1.8e308", JsonFault.NumberOverflow, 0, "$" },
        { "[111111111111111111111111111111111]", JsonFault.NumberTooLong, 1, "$[0]" },
        { "[0.0000000000000000000000000000001]", JsonFault.NumberTooLong, 1, "$[0]" },
        { "01", JsonFault.MalformedNumber, 0, "$" },
        { "+1", JsonFault.MalformedNumber, 0, "$" },
        { ".5", JsonFault.MalformedNumber, 0, "$" },
        { "1.", JsonFault.MalformedNumber, 0, "$" },
        { "-", JsonFault.MalformedNumber, 0, "$" },
        { "1e+", JsonFault.MalformedNumber, 0, "$" },
        { "0x10", JsonFault.TrailingContent, 1, "$" },
        { """["\x41"]""", JsonFault.MalformedEscape, 2, "$[0]" },
        { """["\u12g4"]""", JsonFault.MalformedEscape, 2, "$[0]" },
        { """["\u12""", JsonFault.MalformedEscape, 2, "$[0]" },
        { "[[[[[1]]]]]", JsonFault.TooDeep, 4, "$[0][0][0][0]" },
        { "[1,2,3,4,5,6]", JsonFault.TooManyValues, 11, "$[5]" },
        { """{"a":1,"b":[1,2,{"c":3}]}""", JsonFault.TooManyValues, 21, "$.b[2].c" },
        { $"\"{new string('a', 199)}\"", JsonFault.TooManyBytes, 200, "$" },
        { "", JsonFault.UnexpectedEnd, 0, "$" },
        { "   ", JsonFault.UnexpectedEnd, 3, "$" },
        { "[1", JsonFault.UnexpectedEnd, 2, "$[0]" },
        { """{"a""", JsonFault.UnexpectedEnd, 3, "$" },
        { """{"a":""", JsonFault.UnexpectedEnd, 5, "$.a" },
        { "{} {}", JsonFault.TrailingContent, 3, "$" },
        { "{}\0", JsonFault.TrailingContent, 2, "$" },
        { "{'a':1}", JsonFault.UnexpectedByte, 1, "$" },
        { "{a:1}", JsonFault.UnexpectedByte, 1, "$" },
        { """{"a" 1}""", JsonFault.UnexpectedByte, 5, "$.a" },
        { "[1 2]", JsonFault.UnexpectedByte, 3, "$[0]" },
        { "[1}", JsonFault.UnexpectedByte, 2, "$[0]" },
        { "True", JsonFault.UnexpectedByte, 0, "$" },
        { "nul", JsonFault.UnexpectedByte, 0, "$" },
        { "truee", JsonFault.TrailingContent, 4, "$" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_ambiguous_malformed_or_too_large_is_refused_with_reason_and_place(
        string json, JsonFault fault, int offset, string path)
    {
        JsonRefusal refusal = Canonical.Refusal(Encoding.Latin1.GetBytes(json), Tight);

        Assert.Equal(new JsonRefusal(fault, offset, path), refusal);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Every_fault_has_a_sentence_for_the_reason_and_one_for_the_remedy(JsonFault fault)
    {
        string message = new JsonRefusal(fault, 7, "$.a").Message;

        Assert.Matches(@"^The JSON is refused at byte 7 \(\$\.a\): [^.]+\. [A-Z].+\.$", message);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Every_fault_has_a_case(JsonFault fault) =>
        Assert.Contains(Cases, row => row.Data.Item2 == fault);

    [Fact]
    public void A_stranger_cannot_write_control_characters_or_a_novel_into_the_path()
    {
        string name = "\\u001b[31m" + new string('x', 1000);
        JsonRefusal refusal = Canonical.Refusal(Encoding.UTF8.GetBytes($$"""{"{{name}}":tru}"""), JsonLimits.Default);

        Assert.StartsWith("$['\\u001b[31mxxx", refusal.Path, StringComparison.Ordinal);
        Assert.InRange(refusal.Path.Length, 10, 80);
    }

    [Fact]
    public void A_very_deep_place_gets_a_short_path()
    {
        string json = string.Concat(Enumerable.Repeat("""{"a long member name":""", 64));

        Assert.InRange(Canonical.Refusal(Encoding.UTF8.GetBytes(json), JsonLimits.Default).Path.Length, 100, 400);
    }

    public static TheoryData<JsonFault> Faults() => [.. Enum.GetValues<JsonFault>()];
}
