using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary><c>size</c>, as a function and as a method.</summary>
internal static class CollectionFunctions
{
    public static readonly ImmutableArray<Overload> All =
    [
        .. Size(CelType.String, Effort.Linear, static (ref e, scoped a) =>
            CelValue.FromInt(CodePoints.Count(a[0].AsString))),
        .. Size(CelType.Bytes, Effort.Constant, static (ref e, scoped a) => CelValue.FromInt(a[0].Octets.Length)),
        .. Size(Kinds.AnyList, Effort.Constant, static (ref e, scoped a) => CelValue.FromInt(a[0].AsList.Count)),
        .. Size(Kinds.AnyMap, Effort.Constant, static (ref e, scoped a) => CelValue.FromInt(a[0].AsMap.Count)),
    ];

    private static Overload[] Size(CelType type, Effort effort, Implementation body)
    {
        var function = new Overload("size", [type], CelType.Int, body) { Effort = effort };
        return [function, function with { IsMethod = true }];
    }
}
