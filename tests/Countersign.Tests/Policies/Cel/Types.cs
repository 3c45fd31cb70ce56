using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

/// <summary>Whether a value is of a static type; what collections hold is not looked at.</summary>
internal static class Types
{
    public static bool Fits(CelValue value, CelType type) => type switch
    {
        CelType.List => value.Kind == CelKind.List,
        CelType.Map => value.Kind == CelKind.Map,
        _ => type == CelType.Dyn || value.Kind switch
        {
            CelKind.Bool => type == CelType.Bool,
            CelKind.Int => type == CelType.Int,
            CelKind.Uint => type == CelType.Uint,
            CelKind.Double => type == CelType.Double,
            CelKind.String => type == CelType.String,
            CelKind.Bytes => type == CelType.Bytes,
            CelKind.Null => type == CelType.Null,
            CelKind.Timestamp => type == CelType.Timestamp,
            CelKind.Duration => type == CelType.Duration,
            _ => type == CelType.Type,
        },
    };
}
