using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Schemas;

/// <summary>
/// One comparison of a value with a schema. Both are canonical JSON, so equal values are equal texts.
/// </summary>
/// <param name="references">Finds what <c>$ref</c> names, inside the same schema.</param>
/// <param name="effort">Counts what is compared, over all branches.</param>
/// <param name="depth">How many references and branches are open around this one.</param>
internal sealed class SchemaCheck(SchemaReferences references, SchemaEffort effort, int depth)
{
    /// <summary>Beyond it the arguments are something else altogether.</summary>
    private const int MostFaults = 200;

    /// <summary>Values of an enumeration that are named.</summary>
    private const int MostNamed = 12;

    /// <summary>Keywords that are compared, and those that say nothing about values.</summary>
    private static readonly FrozenSet<string> s_known = FrozenSet.Create(
        "type", "const", "enum", "required", "properties", "patternProperties", "additionalProperties", "prefixItems",
        "items", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "allOf", "anyOf", "oneOf", "not", "$ref", "$defs", "definitions", "$schema", "$id", "$comment", "title",
        "description", "default", "examples", "deprecated", "readOnly", "writeOnly");

    private readonly ImmutableArray<SchemaFault>.Builder _faults = ImmutableArray.CreateBuilder<SchemaFault>();

    /// <summary>
    /// Whether everything that the schema says was compared: what was passed over may refuse what seems to fit.
    /// </summary>
    private bool _isCertain = true;

    public ImmutableArray<SchemaFault> Faults => _faults.ToImmutable();

    public void Compare(JsonElement schema, JsonElement value, string path)
    {
        if (schema.ValueKind == JsonValueKind.False)
        {
            Blame(path, "is not known to the tool");
        }
        else if (schema.ValueKind == JsonValueKind.Object && effort.TrySpend())
        {
            _isCertain &= schema.EnumerateObject().All(keyword => s_known.Contains(keyword.Name));
            CompareReference(schema, value, path);
            if (HasType(schema, value, path))
            {
                CompareChoice(schema, value, path);
                CompareForms(schema, value, path);
                CompareParts(schema, value, path);
            }
        }
    }

    private void CompareParts(JsonElement schema, JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                CompareMembers(schema, value, path);
                break;
            case JsonValueKind.Array:
                CompareItems(schema, value, path);
                break;
            case JsonValueKind.String:
                CompareText(schema, value.GetString()!, path);
                break;
            case JsonValueKind.Number:
                CompareNumber(schema, value, path);
                break;
        }
    }

    /// <summary>
    /// Draft 7 ignores what stands beside a reference and 2020-12 does not; those who write both mean both.
    /// </summary>
    private void CompareReference(JsonElement schema, JsonElement value, string path)
    {
        if (references.Find(schema) is { } target)
        {
            Absorb(Branch(target, value, path));
        }
        else
        {
            _isCertain &= !schema.TryGetProperty("$ref", out _);
        }
    }

    /// <summary><c>allOf</c>, <c>anyOf</c>, <c>oneOf</c> and <c>not</c>.</summary>
    private void CompareForms(JsonElement schema, JsonElement value, string path)
    {
        foreach (var part in FormsOf(schema, "allOf"))
        {
            Absorb(Branch(part, value, path));
        }

        foreach (var name in (string[])["anyOf", "oneOf"])
        {
            ImmutableArray<SchemaFinding> forms =
                [.. FormsOf(schema, name).Select(form => Branch(form, value, path))];
            CompareForms(forms, isOnlyOne: name == "oneOf", path);
        }

        if (schema.TryGetProperty("not", out var excluded)
            && Branch(excluded, value, path) is { IsCertain: true, Faults.IsEmpty: true })
        {
            Blame(path, "has a form that the tool excludes");
        }
    }

    private void CompareForms(ImmutableArray<SchemaFinding> forms, bool isOnlyOne, string path)
    {
        var certain = forms.Count(form => form is { IsCertain: true, Faults.IsEmpty: true });
        if (!forms.IsEmpty && forms.All(form => !form.Faults.IsEmpty))
        {
            var nearest = forms.MinBy(form => form.Faults.Length)!.Faults[0];
            var place = nearest.Path == path ? "it" : nearest.Path;
            Blame(path, $"must take one of {forms.Length} forms; for the nearest, {place} {nearest.Why}");
        }
        else if (isOnlyOne && certain > 1)
        {
            Blame(path, $"must take exactly one of {forms.Length} forms, and takes {certain}");
        }
    }

    /// <summary>What a part of the schema says of a value on its own.</summary>
    private SchemaFinding Branch(JsonElement schema, JsonElement value, string path)
    {
        var inner = new SchemaCheck(references, effort, depth + 1);
        if (depth < SchemaEffort.MostDepth)
        {
            inner.Compare(schema, value, path);
        }
        else
        {
            effort.GiveUp();
        }

        // What was cut short has said too little, and nothing that it said is wrong.
        var finding = new SchemaFinding(inner.Faults, inner._isCertain && !effort.IsOver);
        _isCertain &= finding.IsCertain;
        return finding;
    }

    private void Absorb(SchemaFinding finding)
    {
        foreach (var fault in finding.Faults)
        {
            Blame(fault.Path, fault.Why);
        }
    }

    private static ImmutableArray<JsonElement> FormsOf(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var forms) && forms.ValueKind == JsonValueKind.Array
            ? [.. forms.EnumerateArray()]
            : [];

    /// <summary>Whether the schema takes a value of this type; if not, nothing else of it is looked at.</summary>
    private bool HasType(JsonElement schema, JsonElement value, string path)
    {
        string[] types = !schema.TryGetProperty("type", out var type) ? []
            : type.ValueKind == JsonValueKind.String ? [type.GetString()!]
            : type.ValueKind == JsonValueKind.Array
                ? [.. type.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.String)
                    .Select(each => each.GetString()!)]
            : [];
        if (types.Length == 0 || types.Any(name => IsOfType(value, name)) || IsNullable(schema, value))
        {
            return true;
        }

        Blame(path, $"must be of type {string.Join(" or ", types)}, and is {NameOf(value)}");
        return false;
    }

    /// <summary>OpenAPI 3.0 has no type <c>null</c>, and this instead (its section 4.7.24.1).</summary>
    private static bool IsNullable(JsonElement schema, JsonElement value) =>
        value.ValueKind == JsonValueKind.Null
        && schema.TryGetProperty("nullable", out var nullable)
        && nullable.ValueKind == JsonValueKind.True;

    private static bool IsOfType(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && double.IsInteger(value.GetDouble()),

        // No type of the specification: whoever wrote it knows what it means.
        _ => true,
    };

    private static string NameOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => double.IsInteger(value.GetDouble()) ? "integer" : "number",
        var kind => kind.ToString().ToLowerInvariant(),
    };

    private void CompareChoice(JsonElement schema, JsonElement value, string path)
    {
        var text = value.GetRawText();
        if (schema.TryGetProperty("const", out var only) && only.GetRawText() != text)
        {
            Blame(path, $"must be {only.GetRawText()}");
        }

        if (schema.TryGetProperty("enum", out var choices)
            && choices.ValueKind == JsonValueKind.Array
            && choices.EnumerateArray().Select(each => each.GetRawText()).ToList() is var known
            && !known.Contains(text))
        {
            var more = known.Count > MostNamed ? $" or one of {known.Count - MostNamed} more" : "";
            Blame(path, $"must be one of {string.Join(", ", known.Take(MostNamed))}{more}");
        }
    }

    private void CompareMembers(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array)
        {
            foreach (var name in required.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.String))
            {
                if (!value.TryGetProperty(name.GetString()!, out _))
                {
                    Blame(Below(path, name.GetString()!), "is missing");
                }
            }
        }

        foreach (var member in value.EnumerateObject())
        {
            CompareMember(schema, member, Below(path, member.Name));
        }
    }

    private void CompareMember(JsonElement schema, JsonProperty member, string path)
    {
        var isDescribed = false;
        if (TryGetObject(schema, "properties", out var properties)
            && properties.TryGetProperty(member.Name, out var described))
        {
            isDescribed = true;
            Compare(described, member.Value, path);
        }

        if (TryGetObject(schema, "patternProperties", out var patterns))
        {
            // A pattern that cannot be tried may describe the member.
            foreach (var pattern in patterns.EnumerateObject())
            {
                var matches = Matches(pattern.Name, member.Name);
                isDescribed |= matches != false;
                if (matches == true)
                {
                    Compare(pattern.Value, member.Value, path);
                }
            }
        }

        if (!isDescribed && schema.TryGetProperty("additionalProperties", out var others))
        {
            Compare(others, member.Value, path);
        }
    }

    /// <summary>The first items by their place, where the schema describes them so; the others all alike.</summary>
    private void CompareItems(JsonElement schema, JsonElement value, string path)
    {
        _ = schema.TryGetProperty("items", out var items);
        var first = schema.TryGetProperty("prefixItems", out var prefix) && prefix.ValueKind == JsonValueKind.Array
            ? prefix
            : items.ValueKind == JsonValueKind.Array ? items : default;
        var places = first.ValueKind == JsonValueKind.Array ? first.GetArrayLength() : 0;
        foreach (var (index, item) in value.EnumerateArray().Index())
        {
            var place = $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]";
            if (index < places)
            {
                Compare(first[index], item, place);
            }
            else if (items.ValueKind != JsonValueKind.Array)
            {
                Compare(items, item, place);
            }
        }
    }

    private void CompareText(JsonElement schema, string text, string path)
    {
        // Characters are code points (validation, section 6.3.1).
        var length = text.EnumerateRunes().Count();
        if (TryGetNumber(schema, "minLength", out var least) && length < least.GetDouble())
        {
            Blame(path, $"must have at least {least.GetRawText()} characters, and has {length}");
        }

        if (TryGetNumber(schema, "maxLength", out var most) && length > most.GetDouble())
        {
            Blame(path, $"must have at most {most.GetRawText()} characters, and has {length}");
        }

        if (schema.TryGetProperty("pattern", out var pattern)
            && pattern.ValueKind == JsonValueKind.String
            && Matches(pattern.GetString()!, text) == false)
        {
            Blame(path, $"must match the pattern {pattern.GetString()}");
        }
    }

    private void CompareNumber(JsonElement schema, JsonElement value, string path)
    {
        if (TryGetNumber(schema, "minimum", out var least) && Order(value, least) < 0)
        {
            Blame(path, $"must be at least {least.GetRawText()}");
        }

        if (TryGetNumber(schema, "maximum", out var most) && Order(value, most) > 0)
        {
            Blame(path, $"must be at most {most.GetRawText()}");
        }

        if (TryGetNumber(schema, "exclusiveMinimum", out var above) && Order(value, above) <= 0)
        {
            Blame(path, $"must be more than {above.GetRawText()}");
        }

        if (TryGetNumber(schema, "exclusiveMaximum", out var below) && Order(value, below) >= 0)
        {
            Blame(path, $"must be less than {below.GetRawText()}");
        }
    }

    /// <summary>Integers are compared as written, because canonical JSON keeps those that no double holds.</summary>
    private static int Order(JsonElement one, JsonElement other) =>
        TryGetInteger(one, out var first) && TryGetInteger(other, out var second)
            ? first.CompareTo(second)
            : one.GetDouble().CompareTo(other.GetDouble());

    private static bool TryGetInteger(JsonElement number, out BigInteger value) => BigInteger.TryParse(
        number.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    /// <summary><c>null</c> when the pattern is none that can be tried in linear time: then nothing is said.</summary>
    private bool? Matches(string pattern, string text)
    {
        var isTried = Pattern.TryCompile(pattern, Pattern.MostWeightAtRunTime, out var compiled, out _);
        _isCertain &= isTried;
        return isTried ? compiled!.IsMatch(text) : null;
    }

    private static bool TryGetObject(JsonElement schema, string name, out JsonElement found) =>
        schema.TryGetProperty(name, out found) && found.ValueKind == JsonValueKind.Object;

    private static bool TryGetNumber(JsonElement schema, string name, out JsonElement found) =>
        schema.TryGetProperty(name, out found) && found.ValueKind == JsonValueKind.Number;

    private static string Below(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private void Blame(string path, string why)
    {
        if (_faults.Count < MostFaults)
        {
            _faults.Add(new SchemaFault(path, why));
        }
    }
}

/// <summary>What a part of a schema says of a value.</summary>
/// <param name="Faults">What does not fit.</param>
/// <param name="IsCertain">Whether a value without faults fits for certain.</param>
internal sealed record SchemaFinding(ImmutableArray<SchemaFault> Faults, bool IsCertain);
