using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>Every built-in function, by name and by whether it is called as a method.</summary>
internal static class FunctionTable
{
    private static readonly FrozenDictionary<(string Name, bool IsMethod), ImmutableArray<Overload>> Overloads =
        new[]
        {
            CollectionFunctions.All,
            ConversionFunctions.All,
            TimeFunctions.All,
            StringFunctions.All,
            TextFunctions.All,
            EncodingFunctions.All,
            ListFunctions.All,
            MathFunctions.All,
            BitFunctions.All,
        }
        .SelectMany(static family => family)
        .GroupBy(static overload => (overload.Name, overload.IsMethod))
        .ToFrozenDictionary(static group => group.Key, static group => group.ToImmutableArray());

    public static IEnumerable<string> Methods => Overloads.Keys.Where(key => key.IsMethod).Select(key => key.Name);

    public static IEnumerable<string> Globals => Overloads.Keys.Where(key => !key.IsMethod).Select(key => key.Name);

    public static ImmutableArray<Overload> Find(string name, bool isMethod) =>
        Overloads.TryGetValue((name, isMethod), out var overloads) ? overloads : [];
}
