namespace Countersign.Core.Policies.Cel;

/// <summary>The static type of an expression, a fact or a function parameter.</summary>
public abstract record CelType
{
    public static readonly CelType Dyn = new Simple("dyn");
    public static readonly CelType Null = new Simple("null_type");
    public static readonly CelType Bool = new Simple("bool");
    public static readonly CelType Int = new Simple("int");
    public static readonly CelType Uint = new Simple("uint");
    public static readonly CelType Double = new Simple("double");
    public static readonly CelType String = new Simple("string");
    public static readonly CelType Bytes = new Simple("bytes");
    public static readonly CelType Timestamp = new Simple("google.protobuf.Timestamp");
    public static readonly CelType Duration = new Simple("google.protobuf.Duration");
    public static readonly CelType Type = new Simple("type");

    private CelType()
    {
    }

    /// <summary>True for int, uint and double, which compare with one another.</summary>
    internal bool IsNumeric => this == Int || this == Uint || this == Double;

    internal bool IsDyn => ReferenceEquals(this, Dyn);

    public static CelType ListOf(CelType element) => new List(element);

    public static CelType MapOf(CelType key, CelType value) => new Map(key, value);

    public sealed override string ToString() => this switch
    {
        Simple simple => simple.Name,
        List list => $"list({list.Element})",
        Map map => $"map({map.Key}, {map.Value})",
        Parameter parameter => parameter.Name,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public sealed record Simple : CelType
    {
        internal Simple(string name) => Name = name;

        public string Name { get; }
    }

    public sealed record List(CelType Element) : CelType;

    public sealed record Map(CelType Key, CelType Value) : CelType;

    /// <summary>A type variable in the signature of a built-in function.</summary>
    internal sealed record Parameter(string Name) : CelType;
}
