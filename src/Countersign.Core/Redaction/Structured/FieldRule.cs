namespace Countersign.Core.Redaction.Structured;

/// <summary>A place whose values are sensitive, whatever they look like, and what becomes of them.</summary>
public abstract record FieldRule
{
    private FieldRule(Treatment treatment) => Treatment = treatment;

    /// <summary>What becomes of the value.</summary>
    public Treatment Treatment { get; }

    /// <summary>Every member of this name; case, <c>_</c> and <c>-</c> do not matter.</summary>
    public sealed record Named(string Name, Treatment Treatment) : FieldRule(Treatment);

    /// <summary>What a path leads to: <c>$.customers[*].ssn</c>, <c>$..token</c>.</summary>
    public sealed record AtPath(JsonPath Path, Treatment Treatment) : FieldRule(Treatment);

    /// <summary>A header of a request or an answer.</summary>
    public sealed record Header(string Name, Treatment Treatment) : FieldRule(Treatment);

    /// <summary>A column: <c>ssn</c>, <c>customers.ssn</c> or <c>public.customers.ssn</c>.</summary>
    public sealed record Column(string Name, Treatment Treatment) : FieldRule(Treatment);
}
