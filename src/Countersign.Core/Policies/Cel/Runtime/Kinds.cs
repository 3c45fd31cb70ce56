using System.Collections.Frozen;

namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>The names and types of kinds.</summary>
internal static class Kinds
{
    public static readonly CelType AnyList = CelType.ListOf(CelType.Dyn);
    public static readonly CelType AnyMap = CelType.MapOf(CelType.Dyn, CelType.Dyn);

    /// <summary>Types that may be written as values, by name.</summary>
    public static readonly FrozenDictionary<string, CelType> Named = new[]
    {
        CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.String, CelType.Bytes, CelType.Null,
        CelType.Timestamp, CelType.Duration, CelType.Type, AnyList, AnyMap,
    }.ToFrozenDictionary(NameOf);

    /// <summary>The name of a type as a run-time value, which forgets what a list or a map holds.</summary>
    public static string NameOf(CelType type) => type switch
    {
        CelType.List => "list",
        CelType.Map => "map",
        _ => type.ToString(),
    };

    public static CelType TypeOf(CelKind kind) => kind switch
    {
        CelKind.Null => CelType.Null,
        CelKind.Bool => CelType.Bool,
        CelKind.Int => CelType.Int,
        CelKind.Uint => CelType.Uint,
        CelKind.Double => CelType.Double,
        CelKind.String => CelType.String,
        CelKind.Bytes => CelType.Bytes,
        CelKind.List => AnyList,
        CelKind.Map => AnyMap,
        CelKind.Timestamp => CelType.Timestamp,
        CelKind.Duration => CelType.Duration,
        CelKind.Type => CelType.Type,
        _ => CelType.Dyn,
    };

    /// <summary>
    /// Whether a value of a kind may stand where a type is declared; what a list holds is not looked at.
    /// </summary>
    public static bool Fits(CelKind kind, CelType type) => type switch
    {
        CelType.List => kind == CelKind.List,
        CelType.Map => kind == CelKind.Map,
        CelType.Parameter => true,
        _ => type.IsDyn || TypeOf(kind) == type,
    };

    public static string NameOf(CelKind kind) => NameOf(TypeOf(kind));

    public static string NoOverload(string function, in CelValue left, in CelValue right) =>
        $"no such overload: {NameOf(left.Kind)} {function} {NameOf(right.Kind)}";
}
