using System.Collections.Immutable;
using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Inputs;

/// <summary>Declares facts in the schema and remembers where their values come from.</summary>
internal sealed class SchemaBuilder
{
    private readonly FactSchema.Builder _builder = new() { FindTimeZone = TimeZones.Find };

    public List<PolicyFact> Facts { get; } = [];

    public List<PolicyFunction> Functions { get; } = [];

    /// <summary>Declares a fact that every gate has.</summary>
    public void Add(string name, CelType type, FactSize size, Func<PolicyInput, CelValue> read) =>
        Add(name, type, size, GateSet.All, isOfShape: false, read);

    /// <summary>The same for one that does not differ between requests of one shape.</summary>
    public void AddOfShape(string name, CelType type, FactSize size, Func<PolicyInput, CelValue> read) =>
        Add(name, type, size, GateSet.All, isOfShape: true, read);

    /// <summary>Declares a fact that a gate derives from the action (<see cref="Actions.Facts"/>).</summary>
    public void AddDerived(string variable, string member, CelType type, FactSize size, GateSet gates) =>
        Add(
            $"{variable}.{member}",
            type,
            size,
            gates,
            isOfShape: true,
            input => DerivedFacts.Read(input, variable, member, type));

    /// <summary>Declares a function of one text; a constant that it would never take is refused at load.</summary>
    public void AddFunction(
        string name, CelType result, Func<PolicyInput, CelFunction?> read, Func<string, string?>? refuse = null) =>
        Functions.Add(new PolicyFunction(
            _builder.AddFunction(name, [CelType.String], result, refuse is null ? null : c => refuse(c[0].AsString)),
            read));

    public FactSchema Build() => _builder.Build();

    private void Add(
        string name, CelType type, FactSize size, GateSet gates, bool isOfShape, Func<PolicyInput, CelValue> read) =>
        Facts.Add(new PolicyFact(_builder.Add(name, type, size.Elements, size.Length), gates, read)
        {
            IsOfShape = isOfShape,
        });
}

/// <summary>What a fact may hold at most: elements of a list or map, characters of a string.</summary>
internal readonly record struct FactSize(int Elements, int Length)
{
    /// <summary>Names, hosts, zones: nothing a person would call a text.</summary>
    public static FactSize Name { get; } = new(Elements: 1, Length: 1_024);

    /// <summary>Paths, reasons and everything else people or programs write.</summary>
    public static FactSize Text { get; } = new(Elements: 1, Length: 65_536);

    /// <summary>Lists of names, such as the relations of a statement.</summary>
    public static FactSize Names { get; } = new(Elements: 256, Length: 256);

    /// <summary>Lists and maps of texts, such as headers.</summary>
    public static FactSize Texts { get; } = new(Elements: 256, Length: 8_192);

    /// <summary>Documents whose size the gate has limited already.</summary>
    public static FactSize Document { get; } = new(Elements: 1_000, Length: 65_536);
}
