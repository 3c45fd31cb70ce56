using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel;

/// <summary>
/// Values as typed JSON, the shape of the public conformance data: <c>{"t": type, "v": value}</c> with numbers as text,
/// bytes as hex, maps as lists of pairs, and <c>{"t": "error"}</c> for no value.
/// </summary>
public static class CelJson
{
    private const int MaxNodes = 1_000_000;

    /// <summary>
    /// Evaluates one expression over bindings, an object of typed JSON by variable name, without a schema.
    /// </summary>
    public static CelValue Evaluate(string source, JsonElement bindings, FindTimeZone? findTimeZone)
    {
        if (bindings.ValueKind != JsonValueKind.Object)
        {
            return CelValue.Error("the bindings must be a JSON object of typed values by name");
        }

        var builder = new FactSchema.Builder { FindTimeZone = findTimeZone };
        var values = new Dictionary<string, (Fact Fact, CelValue Value)>();
        foreach (var binding in bindings.EnumerateObject())
        {
            if (binding.Name.Length == 0 || values.ContainsKey(binding.Name))
            {
                return CelValue.Error($"the binding '{binding.Name}' has no name or comes twice");
            }

            var fact = builder.Add(binding.Name, CelType.Dyn, CelLimits.Elements, CelLimits.TextLength);
            values.Add(binding.Name, (fact, Read(binding.Value)));
        }

        var schema = builder.Build();
        var frame = new FactFrame(schema);
        foreach (var (fact, value) in values.Values)
        {
            frame.Set(fact, value);
        }

        return CelExpression.CompileUnchecked(source, schema) switch
        {
            CompileResult.Ok ok => ok.Program.Evaluate(frame),
            CompileResult.Failed failed => CelValue.Error(failed.Errors[0].ToString()),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Reads one typed value; what is malformed becomes an error value.</summary>
    public static CelValue Read(JsonElement element)
    {
        try
        {
            return Read(element, depth: 0);
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException
            or OverflowException or KeyNotFoundException or ArgumentException or IndexOutOfRangeException)
        {
            // JsonElement and the number parsers refuse wrong shapes by throwing; here that is the caller's bad input.
            return CelValue.Error($"the typed JSON is malformed: {exception.Message}");
        }
    }

    /// <summary>Prints a value; the reason of an error is added under <c>reason</c>.</summary>
    public static JsonObject Print(CelValue value)
    {
        var nodes = 0;
        return Print(value, ref nodes) ?? Print(CelValue.Error($"the result has more than {MaxNodes} parts"));
    }

    private static CelValue Read(JsonElement element, int depth)
    {
        if (depth > CelLimits.ValueDepth)
        {
            return CelValue.Error($"the JSON is nested deeper than {CelLimits.ValueDepth} levels");
        }

        var type = element.GetProperty("t").GetString();
        var value = element.TryGetProperty("v", out var member) ? member : default;
        return type switch
        {
            "null" => CelValue.Null,
            "bool" => CelValue.FromBool(value.GetBoolean()),
            "int" => CelValue.FromInt(long.Parse(Content(value), CultureInfo.InvariantCulture)),
            "uint" => CelValue.FromUint(ulong.Parse(Content(value), CultureInfo.InvariantCulture)),
            "double" => CelValue.FromDouble(double.Parse(Content(value), CultureInfo.InvariantCulture)),
            "string" => CelValue.FromString(Content(value)),
            "bytes" => CelValue.FromOctets(Convert.FromHexString(Content(value))),
            "timestamp" => Instants.Parse(Content(value)),
            "duration" => Durations.Parse(Content(value)),
            "type" when Kinds.Named.TryGetValue(Content(value), out var named) => CelValue.FromType(named),
            "list" => CelValue.FromList([.. value.EnumerateArray().Select(item => Read(item, depth + 1))]),
            "map" => CelMap.OfEntries.Create(ReadEntries(value, depth)),
            _ => CelValue.Error($"the type '{type}' is unknown"),
        };
    }

    private static string Content(JsonElement value) =>
        value.GetString() ?? throw new FormatException("a value of this type is a text, not null");

    private static ImmutableArray<KeyValuePair<CelValue, CelValue>> ReadEntries(JsonElement pairs, int depth) =>
    [
        .. pairs.EnumerateArray().Select(pair => new KeyValuePair<CelValue, CelValue>(
            Read(pair[0], depth + 1), Read(pair[1], depth + 1))),
    ];

    private static JsonObject? Print(in CelValue value, ref int nodes)
    {
        if (++nodes > MaxNodes)
        {
            return null;
        }

        switch (value.Kind)
        {
            case CelKind.List:
                return PrintList(value.AsList, ref nodes);
            case CelKind.Map:
                return PrintMap(value.AsMap, ref nodes);
            case CelKind.Null:
                return new JsonObject { ["t"] = "null" };
            case CelKind.Error:
                return new JsonObject { ["t"] = "error", ["reason"] = value.Fault.Reason };
            case CelKind.Absent:
                return new JsonObject { ["t"] = "error", ["reason"] = "no value" };
            case CelKind.Bool:
                return new JsonObject { ["t"] = "bool", ["v"] = value.AsBool };
            default:
                return new JsonObject { ["t"] = NameOf(value.Kind), ["v"] = Text(value) };
        }
    }

    private static string NameOf(CelKind kind) => kind switch
    {
        CelKind.Timestamp => "timestamp",
        CelKind.Duration => "duration",
        _ => Kinds.NameOf(kind),
    };

    private static string Text(in CelValue value) => value.Kind switch
    {
        CelKind.Bytes => Convert.ToHexStringLower(value.Octets),
        CelKind.Double => PrintDouble(value.AsDouble),
        _ => ValueText.TryConvert(value, out var text) ? text : "",
    };

    private static string PrintDouble(double value) =>
        double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture)
        : double.IsNaN(value) ? "NaN"
        : value > 0 ? "Infinity" : "-Infinity";

    private static JsonObject? PrintList(CelList list, ref int nodes)
    {
        var items = new JsonArray();
        for (var i = 0; i < list.Count; i++)
        {
            if (Print(list[i], ref nodes) is not { } item)
            {
                return null;
            }

            items.Add(item);
        }

        return new JsonObject { ["t"] = "list", ["v"] = items };
    }

    private static JsonObject? PrintMap(CelMap map, ref int nodes)
    {
        var pairs = new JsonArray();
        for (var i = 0; i < map.Count; i++)
        {
            if (Print(map.KeyAt(i), ref nodes) is not { } key || Print(map.ValueAt(i), ref nodes) is not { } value)
            {
                return null;
            }

            pairs.Add(new JsonArray(key, value));
        }

        return new JsonObject { ["t"] = "map", ["v"] = pairs };
    }
}
