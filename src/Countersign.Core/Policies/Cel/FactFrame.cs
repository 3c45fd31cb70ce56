namespace Countersign.Core.Policies.Cel;

/// <summary>
/// The facts of one action, by slot. A frame is filled by one thread; afterwards any number may evaluate against it.
/// What was not set evaluates to the error "no such fact".
/// </summary>
public sealed class FactFrame
{
    private readonly CelValue[] _values;
    private readonly CelFunction?[] _functions;

    public FactFrame(FactSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        Schema = schema;
        _values = new CelValue[schema.Facts.Length];
        _functions = new CelFunction?[schema.Functions.Length];
    }

    public FactSchema Schema { get; }

    internal ReadOnlySpan<CelValue> Values => _values;

    internal ReadOnlySpan<CelFunction?> Functions => _functions;

    /// <summary>Sets a fact; a value of another type or beyond the declared size is kept as an error.</summary>
    public void Set(Fact fact, CelValue value)
    {
        RequireOwn(Schema.Facts.Length > fact.Slot && ReferenceEquals(Schema.Facts[fact.Slot], fact), fact.Name);
        _values[fact.Slot] = fact.Admit(value);
    }

    /// <summary>Supplies the body of a host function.</summary>
    public void Bind(FactFunction function, CelFunction body)
    {
        RequireOwn(
            Schema.Functions.Length > function.Slot && ReferenceEquals(Schema.Functions[function.Slot], function),
            function.Name);
        _functions[function.Slot] = body;
    }

    private static void RequireOwn(bool isOwn, string name)
    {
        if (!isOwn)
        {
            throw new ArgumentException(
                $"'{name}' belongs to another schema; build the frame from the schema that declares it");
        }
    }
}
