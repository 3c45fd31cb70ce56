using System.Text.Json;
using Countersign.Core.Schemas;

namespace Countersign.Tests.Schemas;

/// <summary>What a tool's input schema says of arguments, case by case; an empty answer means that they fit.</summary>
public sealed class ArgumentSchemaTests
{
    [Theory]
    [InlineData("true", "1", "")]
    [InlineData("{}", "1", "")]
    [InlineData("false", "1", ": is not known to the tool")]
    [InlineData("""{"type":"string"}""", "\"a\"", "")]
    [InlineData("""{"type":"string"}""", "1", ": must be of type string, and is integer")]
    [InlineData("""{"type":"string"}""", "null", ": must be of type string, and is null")]
    [InlineData("""{"type":["string","null"]}""", "null", "")]
    [InlineData("""{"type":["string","null"]}""", "[]", ": must be of type string or null, and is array")]
    [InlineData("""{"type":"integer"}""", "3", "")]
    [InlineData("""{"type":"integer"}""", "9007199254740993", "")]
    [InlineData("""{"type":"integer"}""", "3.5", ": must be of type integer, and is number")]
    [InlineData("""{"type":"number"}""", "3", "")]
    [InlineData("""{"type":"boolean"}""", "true", "")]
    [InlineData("""{"type":"boolean"}""", "\"true\"", ": must be of type boolean, and is string")]
    [InlineData("""{"type":"object"}""", "[]", ": must be of type object, and is array")]
    [InlineData("""{"type":"money"}""", "1", "")]
    [InlineData("""{"type":7}""", "1", "")]
    public void A_type_is_one_of_those_named(string schema, string value, string faults) =>
        AssertFaults(schema, value, faults);

    [Theory]
    [InlineData("""{"enum":["a","b"]}""", "\"a\"", "")]
    [InlineData("""{"enum":["a","b"]}""", "\"A\"", """: must be one of "a", "b" """)]
    [InlineData("""{"enum":[1,{"x":[2]}]}""", """{"x":[2]}""", "")]
    [InlineData("""{"enum":[1]}""", "\"1\"", ": must be one of 1")]
    [InlineData("""{"const":null}""", "null", "")]
    [InlineData("""{"const":"x"}""", "1", """: must be "x" """)]
    public void A_choice_is_one_of_the_values(string schema, string value, string faults) =>
        AssertFaults(schema, value, faults);

    [Theory]
    [InlineData("""{"required":["a","b"]}""", """{"a":1}""", "b: is missing")]
    [InlineData("""{"required":["a"]}""", """{"a":null}""", "")]
    [InlineData("""{"required":["a"]}""", "[]", "")]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", """{"b":1}""", "")]
    [InlineData(
        """{"properties":{"a":{"type":"string"}}}""", """{"a":1}""", "a: must be of type string, and is integer")]
    [InlineData(
        """{"properties":{"a":{"properties":{"b":{"type":"null"}}}}}""",
        """{"a":{"b":1}}""",
        "a.b: must be of type null, and is integer")]
    [InlineData("""{"properties":{"a":{}},"additionalProperties":false}""", """{"a":1}""", "")]
    [InlineData(
        """{"properties":{"a":{}},"additionalProperties":false}""", """{"A":1}""", "A: is not known to the tool")]
    [InlineData(
        """{"additionalProperties":{"type":"string"}}""", """{"x":1}""", "x: must be of type string, and is integer")]
    [InlineData(
        """{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false}""", """{"x-a":"1"}""", "")]
    [InlineData(
        """{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false}""",
        """{"x-a":1,"y":1}""",
        "x-a: must be of type string, and is integer|y: is not known to the tool")]
    [InlineData("""{"patternProperties":{"(?=x)":{}},"additionalProperties":false}""", """{"y":1}""", "")]
    public void Members_are_described_by_name(string schema, string value, string faults) =>
        AssertFaults(schema, value, faults);

    [Theory]
    [InlineData("""{"allOf":[{"type":"integer"},{"minimum":2}]}""", "1", ": must be at least 2")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""", "null", "")]
    [InlineData(
        """{"anyOf":[{"type":"string"},{"type":"null"}]}""",
        "1",
        ": must take one of 2 forms; for the nearest, it must be of type string, and is integer")]
    [InlineData(
        """{"anyOf":[{"required":["a","b"]},{"required":["c"]}]}""",
        "{}",
        ": must take one of 2 forms; for the nearest, c is missing")]
    [InlineData("""{"oneOf":[{"minimum":1},{"maximum":0}]}""", "1", "")]
    [InlineData(
        """{"oneOf":[{"minimum":1},{"maximum":5}]}""", "3", ": must take exactly one of 2 forms, and takes 2")]
    [InlineData("""{"oneOf":[{"minimum":1},{"maximum":5,"multipleOf":2}]}""", "3", "")]
    [InlineData("""{"not":{"const":"x"}}""", "\"x\"", ": has a form that the tool excludes")]
    [InlineData("""{"not":{"const":"x"}}""", "\"y\"", "")]
    [InlineData("""{"not":{"format":"email"}}""", "\"y\"", "")]
    [InlineData("""{"not":{"pattern":"(?=y)"}}""", "\"y\"", "")]
    [InlineData("""{"not":{"anyOf":[{"format":"email"},{"type":"null"}]}}""", "\"y\"", "")]
    [InlineData("""{"anyOf":[],"oneOf":{},"allOf":1}""", "1", "")]
    public void Forms_are_compared_as_far_as_they_are_understood(string schema, string value, string faults) =>
        AssertFaults(schema, value, faults);

    [Theory]
    [InlineData("""{"$defs":{"n":{"type":"null"}},"$ref":"#/$defs/n"}""", "null", "")]
    [InlineData(
        """{"definitions":{"n":{"type":"null"}},"properties":{"a":{"$ref":"#/definitions/n"}}}""",
        """{"a":1}""",
        "a: must be of type null, and is integer")]
    [InlineData(
        """{"$defs":{"a/b~c d":{"type":"null"}},"$ref":"#/$defs/a~1b~0c%20d"}""",
        "1",
        ": must be of type null, and is integer")]
    [InlineData(
        """{"prefixItems":[{"type":"null"}],"items":{"$ref":"#/prefixItems/0"}}""",
        "[null,1]",
        "[1]: must be of type null, and is integer")]
    [InlineData(
        """{"properties":{"child":{"$ref":"#"}},"required":["id"]}""",
        """{"id":1,"child":{"id":2,"child":{}}}""",
        "child.child.id: is missing")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "1", "")]
    [InlineData("""{"$ref":"https://example.org/schema"}""", "1", "")]
    [InlineData("""{"not":{"$ref":"https://example.org/schema"}}""", "1", "")]
    [InlineData("""{"$ref":7}""", "1", "")]
    [InlineData("""{"$ref":"#"}""", "1", "")]
    [InlineData("""{"not":{"$ref":"#"}}""", "1", "")]
    [InlineData("""{"anyOf":[{"$ref":"#"},{"$ref":"#"}],"oneOf":[{"$ref":"#"},{"$ref":"#"}]}""", "1", "")]
    public void A_reference_inside_the_schema_is_followed_to_its_end(string schema, string value, string faults) =>
        AssertFaults(schema, value, faults);

    [Theory]
    [InlineData("""{"items":{"type":"string"}}""", """["a",1]""", "[1]: must be of type string, and is integer")]
    [InlineData("""{"items":{"type":"string"}}""", "\"a\"", "")]
    [InlineData("""{"prefixItems":[{"type":"null"}],"items":{"type":"string"}}""", """[null,"a"]""", "")]
    [InlineData(
        """{"prefixItems":[{"type":"null"}],"items":false}""",
        """[1,2]""",
        "[0]: must be of type null, and is integer|[1]: is not known to the tool")]
    [InlineData("""{"items":[{"type":"null"}]}""", "[null,1,2]", "")]
    [InlineData(
        """{"properties":{"rows":{"items":{"required":["id"]}}}}""",
        """{"rows":[{"id":1},{}]}""",
        "rows[1].id: is missing")]
    public void Items_are_described_by_place(string schema, string value, string faults) =>
        AssertFaults(schema, value, faults);

    [Theory]
    [InlineData("""{"minimum":1,"maximum":3}""", "1", "")]
    [InlineData("""{"minimum":1,"maximum":3}""", "0", ": must be at least 1")]
    [InlineData("""{"minimum":1,"maximum":3}""", "3.5", ": must be at most 3")]
    [InlineData("""{"exclusiveMinimum":1}""", "1", ": must be more than 1")]
    [InlineData("""{"exclusiveMaximum":1}""", "1", ": must be less than 1")]
    [InlineData("""{"exclusiveMinimum":true,"minimum":1}""", "1", "")]
    [InlineData("""{"maximum":9007199254740992}""", "9007199254740993", ": must be at most 9007199254740992")]
    [InlineData("""{"minimum":1}""", "\"0\"", "")]
    public void Numbers_have_bounds(string schema, string value, string faults) => AssertFaults(schema, value, faults);

    [Theory]
    [InlineData("""{"minLength":2}""", "\"é\"", ": must have at least 2 characters, and has 1")]
    [InlineData("""{"maxLength":1}""", "\"\\uD83D\\uDE00\"", "")]
    [InlineData("""{"maxLength":1}""", "\"ab\"", ": must have at most 1 characters, and has 2")]
    [InlineData("""{"pattern":"b"}""", "\"abc\"", "")]
    [InlineData("""{"pattern":"^b"}""", "\"abc\"", ": must match the pattern ^b")]
    [InlineData("""{"pattern":"^[a-z]{2}\\d+$"}""", "\"uk12\"", "")]
    [InlineData("""{"pattern":"^(?=b)"}""", "\"abc\"", "")]
    [InlineData("""{"pattern":"("}""", "\"abc\"", "")]
    public void Texts_have_lengths_and_patterns(string schema, string value, string faults) =>
        AssertFaults(schema, value, faults);

    [Theory]
    [InlineData("""{"$ref":"#/$defs/x","if":{},"then":false,"format":"uuid","multipleOf":2}""", "1")]
    [InlineData("""{"required":"a","properties":[],"enum":{},"items":7,"minimum":"1","pattern":1}""", """{"a":"b"}""")]
    public void What_it_does_not_know_and_what_is_malformed_is_ignored(string schema, string value) =>
        AssertFaults(schema, value, "");

    [Fact]
    public void What_was_wrong_before_is_no_fault_of_whoever_changes_something_else()
    {
        var schema = Read("""{"required":["a"],"properties":{"n":{"type":"integer"}},"additionalProperties":false}""");

        var faults = ArgumentSchema.FindNew(schema, Read("""{"x":1,"n":1}"""), Read("""{"x":2,"n":"1"}"""));

        Assert.Equal([new SchemaFault("n", "must be of type integer, and is string")], faults);
    }

    [Fact]
    public void Of_many_faults_some_are_told()
    {
        var schema = Read("""{"additionalProperties":false}""");
        var names = string.Join(",", Enumerable.Range(0, 1000).Select(i => $"\"a{i}\":1"));

        Assert.Equal(ArgumentSchema.MostTold, ArgumentSchema.FindNew(schema, Read("{}"), Read($"{{{names}}}")).Length);
    }

    private static void AssertFaults(string schema, string value, string faults) => Assert.Equal(
        faults.Trim(),
        string.Join("|", ArgumentSchema.Find(Read(schema), Read(value)).Select(each => $"{each.Path}: {each.Why}")));

    private static JsonElement Read(string json) => JsonElement.Parse(json);
}
