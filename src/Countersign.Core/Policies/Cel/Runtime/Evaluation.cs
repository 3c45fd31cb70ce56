namespace Countersign.Core.Policies.Cel.Runtime;

/// <summary>
/// The state of one evaluation. It lives on the stack, so that a frame can be read by several evaluations at once and
/// the common rule allocates nothing.
/// </summary>
internal ref struct Evaluation
{
    public ReadOnlySpan<CelValue> Facts;
    public ReadOnlySpan<CelFunction?> Functions;
    public Span<CelValue> Locals;
    public readonly FindTimeZone? FindTimeZone;

    /// <summary>Why the last condition answered <see cref="Truth.Fault"/>.</summary>
    public CelFault? Fault;

    private long _steps;

    public Evaluation(FactFrame frame, long steps)
    {
        Facts = frame.Values;
        Functions = frame.Functions;
        FindTimeZone = frame.Schema.FindTimeZone;
        _steps = steps;
    }

    public readonly long StepsLeft => _steps;

    public readonly bool IsExhausted => _steps < 0;

    /// <summary>Takes steps from the budget; false when it is exhausted, which stays so.</summary>
    public bool TryCharge(long steps)
    {
        _steps = _steps < steps ? -1 : _steps - steps;
        return _steps >= 0;
    }

    /// <summary>Charges for copying or comparing a number of characters or octets.</summary>
    public bool TryChargeText(long length) => TryCharge(1 + (length / 64));

    /// <summary>
    /// Charges for reading a value that may be a text: to compare it, or to find it in a map. Short ones are free.
    /// </summary>
    public bool TryChargeRead(in CelValue value)
    {
        var length = value.Kind switch
        {
            CelKind.String => value.AsString.Length,
            CelKind.Bytes => value.Octets.Length,
            _ => 0,
        };
        return length < 64 || TryCharge(length / 64);
    }

    /// <summary>
    /// Charges for a search: at each position of the text almost the whole part may match in vain.
    /// </summary>
    public bool TryChargeSearch(long text, long part) =>
        TryCharge(1 + ((1 + (Math.Max(text - part, 0) / 64)) * (1 + (part / 64))));

    public Truth Fail(CelFault fault)
    {
        Fault = fault;
        return Truth.Fault;
    }

    public Truth Fail(string reason) => Fail(new CelFault(reason));
}

/// <summary>The answer of a condition before it is known whether somebody wants it as a value.</summary>
internal enum Truth : byte
{
    False,
    True,
    Fault,
}

/// <summary>A compiled expression of any type; errors come back as values.</summary>
internal delegate CelValue Operation(ref Evaluation evaluation);

/// <summary>A compiled expression of type bool; the reason of a fault is left in the evaluation.</summary>
internal delegate Truth Condition(ref Evaluation evaluation);
