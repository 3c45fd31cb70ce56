using System.Globalization;
using System.Text.Json;

namespace Countersign.Tests.Policies.Cel;

/// <summary>One case of the public CEL conformance data.</summary>
public sealed record ConformanceCase(
    int Number, string File, string Section, string Expression, JsonElement Bindings, JsonElement Expected)
{
    /// <summary>Parts of CEL that policy conditions leave out on purpose, with the reason.</summary>
    private static readonly Dictionary<string, string> LeftOut = new()
    {
        ["block_ext"] = "cel.block is made by optimisers, not written by people",
        ["network_ext"] = "addresses and networks are not part of the language yet",
        ["optionals"] = "optional values are left out; has() and the conditional say the same",
    };

    public string? LeftOutBecause => LeftOut.GetValueOrDefault(File);

    public static IReadOnlyList<ConformanceCase> ReadAll(string path)
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
        return [.. document.RootElement.EnumerateArray().Select((element, number) => new ConformanceCase(
            number,
            element.GetProperty("file").GetString()!,
            element.GetProperty("section").GetString()!,
            element.GetProperty("expr").GetString()!,
            element.GetProperty("bindings").Clone(),
            element.GetProperty("result").Clone()))];
    }

    /// <summary>Whether two typed values are the same: types too, doubles by value, maps in any order.</summary>
    public static bool AreSame(JsonElement expected, JsonElement actual)
    {
        var type = expected.GetProperty("t").GetString()!;
        if (type != actual.GetProperty("t").GetString())
        {
            return false;
        }

        if (type is "error" or "null")
        {
            return true;
        }

        var (x, y) = (expected.GetProperty("v"), actual.GetProperty("v"));
        return type switch
        {
            "double" => ToDouble(x).Equals(ToDouble(y)),
            "bool" => x.GetBoolean() == y.GetBoolean(),
            "list" => x.GetArrayLength() == y.GetArrayLength()
                && x.EnumerateArray().Zip(y.EnumerateArray()).All(pair => AreSame(pair.First, pair.Second)),
            "map" => x.GetArrayLength() == y.GetArrayLength()
                && x.EnumerateArray().All(entry => y.EnumerateArray().Any(other =>
                    AreSame(entry[0], other[0]) && AreSame(entry[1], other[1]))),
            _ => x.GetString() == y.GetString(),
        };
    }

    private static double ToDouble(JsonElement element) =>
        double.Parse(element.GetString()!, CultureInfo.InvariantCulture);
}
