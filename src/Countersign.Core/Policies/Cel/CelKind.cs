namespace Countersign.Core.Policies.Cel;

/// <summary>The run-time kind of a <see cref="CelValue"/>; the default is no value at all.</summary>
public enum CelKind : byte
{
    Absent,
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    List,
    Map,
    Timestamp,
    Duration,
    Type,
}
