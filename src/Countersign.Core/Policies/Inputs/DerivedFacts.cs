using System.Text.Json;
using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Inputs;

/// <summary>
/// Turns what a gate derived into values, without copying lists; a value of the wrong type becomes an error.
/// </summary>
internal static class DerivedFacts
{
    public static CelValue Read(PolicyInput input, string variable, string member, CelType type)
    {
        var facts = input.Asking.Facts;
        return facts.Variable == variable && facts.Members.TryGetValue(member, out var value)
            ? ToValue(value, type, $"{variable}.{member}")
            : default;
    }

    private static CelValue ToValue(object value, CelType type, string name) => value switch
    {
        bool truth => CelValue.FromBool(truth),
        string text => CelValue.FromString(text),
        long number => CelValue.FromInt(number),
        int number => CelValue.FromInt(number),
        double number => CelValue.FromDouble(number),
        IReadOnlyList<string> texts => CelValue.FromStrings(texts),
        JsonElement json => FromJson(json, type, name),
        _ => CelValue.Error($"the fact {name} holds a {value.GetType().Name}, which no policy can read"),
    };

    public static CelValue FromJson(JsonElement json, CelType type, string name)
    {
        // Conditions are compiled for the declared type, so what the document holds is checked all the way down.
        if (!Fits(json, type))
        {
            return CelValue.Error($"the fact {name} is no {type}");
        }

        return type == CelType.Double ? CelValue.FromDouble(json.GetDouble()) : CelValue.FromJson(json);
    }

    private static bool Fits(JsonElement json, CelType type) => type switch
    {
        CelType.List list => json.ValueKind == JsonValueKind.Array
            && json.EnumerateArray().All(item => Fits(item, list.Element)),
        CelType.Map map => json.ValueKind == JsonValueKind.Object
            && json.EnumerateObject().All(member => Fits(member.Value, map.Value)),
        _ when type == CelType.Dyn => json.ValueKind != JsonValueKind.Undefined,
        _ when type == CelType.String => json.ValueKind == JsonValueKind.String,
        _ when type == CelType.Bool => json.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ when type == CelType.Int => json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out _),
        _ when type == CelType.Double => json.ValueKind == JsonValueKind.Number,
        _ => false,
    };
}
