using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Compilation;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel;

/// <summary>A compiled expression. It is immutable and may be evaluated by any number of threads.</summary>
public sealed class CelProgram
{
    private const int LocalsOnStack = 8;

    private readonly FactSchema _schema;
    private readonly Operation _operation;
    private readonly Condition _condition;
    private readonly int _localCount;
    private readonly long _steps;

    internal CelProgram(string source, FactSchema schema, CheckResult result, long cost, CelLimits limits)
    {
        _schema = schema;
        _localCount = result.LocalCount;
        _steps = limits.Steps;
        _operation = Operations.Compile(result.Node);
        _condition = Conditions.Compile(result.Node);
        Source = source;
        ResultType = result.Node.Type;
        Reads = result.Reads;
        Cost = cost;
    }

    public string Source { get; }

    public CelType ResultType { get; }

    /// <summary>The dotted names of every fact and host function the expression may read.</summary>
    public FrozenSet<string> Reads { get; }

    /// <summary>Upper bound of the steps of one evaluation.</summary>
    public long Cost { get; }

    /// <summary>Evaluates to a value, which is an error where the expression has none; never throws.</summary>
    public CelValue Evaluate(FactFrame frame) => Evaluate(frame, out _);

    /// <summary>Evaluates and counts the steps taken, at most one evaluation's budget.</summary>
    public CelValue Evaluate(FactFrame frame, out long steps)
    {
        ArgumentNullException.ThrowIfNull(frame);
        steps = 0;
        if (!ReferenceEquals(frame.Schema, _schema))
        {
            return CelValue.Error("the frame belongs to another schema than the expression");
        }

        try
        {
            return _localCount == 0 ? Run(frame, [], out steps) : RunWithLocals(frame, out steps);
        }
        catch (Exception exception)
        {
            // Nothing inside throws on purpose. If it does, the rule must count as failed and not take the gateway
            // down.
            return CelValue.Error(Unexpected(exception));
        }
    }

    /// <summary>Evaluates a condition; a value that is no bool is a fault. Never throws.</summary>
    public CelAnswer EvaluateBool(FactFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (!ReferenceEquals(frame.Schema, _schema))
        {
            return CelAnswer.Of(new CelFault("the frame belongs to another schema than the expression"));
        }

        try
        {
            return _localCount == 0 ? Test(frame, []) : TestWithLocals(frame);
        }
        catch (Exception exception)
        {
            // As in Evaluate: a fault of ours makes the decision stricter, not absent.
            return CelAnswer.Of(new CelFault(Unexpected(exception)));
        }
    }

    private static string Unexpected(Exception exception) =>
        $"internal error in the evaluator ({exception.GetType().Name}: {exception.Message}); please report it";

    private CelValue RunWithLocals(FactFrame frame, out long steps)
    {
        if (_localCount > LocalsOnStack)
        {
            return Run(frame, new CelValue[_localCount], out steps);
        }

        var locals = default(Locals);
        return Run(frame, locals, out steps);
    }

    private CelValue Run(FactFrame frame, scoped Span<CelValue> locals, out long steps)
    {
        var evaluation = new Evaluation(frame, _steps) { Locals = locals };
        var value = _operation(ref evaluation);
        steps = evaluation.IsExhausted ? _steps : _steps - evaluation.StepsLeft;
        return value;
    }

    private CelAnswer TestWithLocals(FactFrame frame)
    {
        if (_localCount > LocalsOnStack)
        {
            return Test(frame, new CelValue[_localCount]);
        }

        var locals = default(Locals);
        return Test(frame, locals);
    }

    private CelAnswer Test(FactFrame frame, scoped Span<CelValue> locals)
    {
        var evaluation = new Evaluation(frame, _steps) { Locals = locals };
        return _condition(ref evaluation) switch
        {
            Truth.Fault => CelAnswer.Of(evaluation.Fault!),
            var truth => CelAnswer.Of(truth == Truth.True),
        };
    }

    [InlineArray(LocalsOnStack)]
    private struct Locals
    {
        private CelValue _first;
    }
}
