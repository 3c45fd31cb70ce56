using System.Runtime.CompilerServices;
using Countersign.Core.Policies.Cel.Checking;
using Countersign.Core.Policies.Cel.Functions;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Compilation;

/// <summary>Compiles calls: arguments are evaluated in order, the first error is the result.</summary>
internal static class Calls
{
    private const int BufferLength = 4;

    private delegate CelValue Invocation(ref Evaluation evaluation, scoped ReadOnlySpan<CelValue> arguments);

    public static Operation Compile(Node.Call call)
    {
        var overloads = call.Overloads.ToArray();
        return Invoke(call.Arguments.Select(Operations.Compile).ToArray(), (ref e, scoped arguments) =>
        {
            foreach (var overload in overloads)
            {
                if (overload.Accepts(arguments))
                {
                    return overload.Effort == Effort.Constant || TryCharge(ref e, arguments)
                        ? overload.Body(ref e, arguments)
                        : CelValue.Error(CelFault.BudgetExhausted);
                }
            }

            return NoOverload(overloads[0].Name, arguments);
        });
    }

    /// <summary>Every text is read once, whatever the function makes of it; more is for its body to charge.</summary>
    private static bool TryCharge(ref Evaluation evaluation, scoped ReadOnlySpan<CelValue> arguments)
    {
        foreach (ref readonly var argument in arguments)
        {
            if (!evaluation.TryChargeRead(argument))
            {
                return false;
            }
        }

        return true;
    }

    public static Operation Compile(Node.HostCall call)
    {
        var functions = call.Functions.ToArray();
        return Invoke(call.Arguments.Select(Operations.Compile).ToArray(), (ref e, scoped arguments) =>
        {
            foreach (var function in functions)
            {
                if (Accepts(function, arguments))
                {
                    return Call(ref e, function, arguments);
                }
            }

            return NoOverload(functions[0].Name, arguments);
        });
    }

    private static CelValue Call(
        ref Evaluation evaluation, FactFunction function, scoped ReadOnlySpan<CelValue> arguments)
    {
        if (evaluation.Functions[function.Slot] is not { } body)
        {
            return CelValue.Error(function.Missing);
        }

        if (!evaluation.TryCharge(CostEstimate.HostCallCost))
        {
            return CelValue.Error(CelFault.BudgetExhausted);
        }

        try
        {
            var result = body(arguments);
            return result.IsError || Kinds.Fits(result.Kind, function.Result)
                ? result
                : CelValue.Error($"{function.Name}() is declared {function.Result}, but returned {result}");
        }
        catch (Exception exception)
        {
            // The host's code may fail in any way; the policy must still come to a verdict, and an error is the strict
            // one.
            return CelValue.Error($"{function.Name}() failed: {exception.Message}");
        }
    }

    /// <summary>Few arguments live on the stack; an array is made only for long argument lists.</summary>
    private static Operation Invoke(Operation[] arguments, Invocation invocation)
    {
        if (arguments.Length > BufferLength)
        {
            return (ref e) => Fill(ref e, arguments, new CelValue[arguments.Length], invocation);
        }

        return (ref e) =>
        {
            var buffer = default(Buffer);
            Span<CelValue> values = buffer;
            return Fill(ref e, arguments, values[..arguments.Length], invocation);
        };
    }

    private static CelValue Fill(
        ref Evaluation evaluation, Operation[] arguments, scoped Span<CelValue> values, Invocation invocation)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i] = arguments[i](ref evaluation);
            if (values[i].IsError)
            {
                return values[i];
            }
        }

        return invocation(ref evaluation, values);
    }

    private static bool Accepts(FactFunction function, scoped ReadOnlySpan<CelValue> arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!Kinds.Fits(arguments[i].Kind, function.Parameters[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static CelValue NoOverload(string name, scoped ReadOnlySpan<CelValue> arguments)
    {
        var kinds = new string[arguments.Length];
        for (var i = 0; i < kinds.Length; i++)
        {
            kinds[i] = Kinds.NameOf(arguments[i].Kind);
        }

        return CelValue.Error($"no such overload: {name}({string.Join(", ", kinds)})");
    }

    [InlineArray(BufferLength)]
    private struct Buffer
    {
        private CelValue _first;
    }
}
