using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Core.Policies.Cel;

/// <summary>Turns untyped JSON into values.</summary>
internal static class JsonValues
{
    public static CelValue Read(JsonElement element)
    {
        try
        {
            return Read(element, depth: 0);
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate written as an escape, in a text or the name of a member, has no text. The gateway
            // refuses it earlier, but not in what a target says about itself.
            return CelValue.Error("a JSON string holds a lone surrogate");
        }
    }

    private static CelValue Read(JsonElement element, int depth)
    {
        if (depth > CelLimits.ValueDepth)
        {
            return CelValue.Error($"the JSON is nested deeper than {CelLimits.ValueDepth} levels");
        }

        return element.ValueKind switch
        {
            JsonValueKind.Null => CelValue.Null,
            JsonValueKind.True => CelValue.True,
            JsonValueKind.False => CelValue.False,
            JsonValueKind.String => CelValue.FromString(element.GetString()!),
            JsonValueKind.Number => ReadNumber(element),
            JsonValueKind.Array => ReadArray(element, depth),
            JsonValueKind.Object => ReadObject(element, depth),
            _ => CelValue.Error("there is no JSON value"),
        };
    }

    private static CelValue ReadNumber(JsonElement element)
    {
        if (element.TryGetInt64(out var integer))
        {
            return CelValue.FromInt(integer);
        }

        return element.TryGetDouble(out var number)
            ? CelValue.FromDouble(number)
            : CelValue.Error("a JSON number does not fit a double");
    }

    private static CelValue ReadArray(JsonElement element, int depth)
    {
        var items = ImmutableArray.CreateBuilder<CelValue>(element.GetArrayLength());
        foreach (var item in element.EnumerateArray())
        {
            var value = Read(item, depth + 1);
            if (value.IsError)
            {
                return value;
            }

            items.Add(value);
        }

        return CelValue.FromList(items.MoveToImmutable());
    }

    private static CelValue ReadObject(JsonElement element, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<KeyValuePair<CelValue, CelValue>>();
        foreach (var member in element.EnumerateObject())
        {
            var value = Read(member.Value, depth + 1);
            if (value.IsError)
            {
                return value;
            }

            entries.Add(new(CelValue.FromString(member.Name), value));
        }

        return CelMap.OfEntries.Create(entries.DrainToImmutable());
    }
}
