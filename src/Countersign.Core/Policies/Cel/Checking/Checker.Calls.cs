using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Functions;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>Calls of built-in functions and methods and of the host's functions.</summary>
internal sealed partial class Checker
{
    private Node CheckCall(Expression.Call call)
    {
        if (call.Target is null)
        {
            return CheckFunction(call, call.Function)
                ?? ReportUnknownFunction(call, call.Function, FunctionTable.Globals);
        }

        // A dotted name in front of the call may be a namespace, unless it starts with a local variable.
        if (Chain(call.Target) is { } chain && (IsRooted(call.Target) || FindLocal(chain[0].Name) is null))
        {
            var name = $"{Join(chain)}.{call.Function}";
            if (CheckFunction(call, name) is { } node)
            {
                return node;
            }

            if (TryResolve(chain, IsRooted(call.Target)) is null)
            {
                return ReportUnknownFunction(call, name, FunctionTable.Globals);
            }
        }

        var overloads = FunctionTable.Find(call.Function, isMethod: true);
        return overloads.IsEmpty
            ? ReportUnknownFunction(call, call.Function, FunctionTable.Methods)
            : BuiltIn(call, call.Function, overloads, [Check(call.Target), .. call.Arguments.Select(Check)]);
    }

    private Node? CheckFunction(Expression.Call call, string name)
    {
        var functions = _schema.FunctionsNamed(name);
        if (!functions.IsEmpty)
        {
            return HostCall(call, name, functions, [.. call.Arguments.Select(Check)]);
        }

        var overloads = FunctionTable.Find(name, isMethod: false);
        return overloads.IsEmpty ? null : BuiltIn(call, name, overloads, [.. call.Arguments.Select(Check)]);
    }

    private Node BuiltIn(
        Expression.Call call, string name, ImmutableArray<Overload> overloads, ImmutableArray<Node> arguments)
    {
        var fitting = overloads.Where(overload => Fits(overload, arguments)).ToImmutableArray();
        if (fitting.IsEmpty)
        {
            Report(call.At, $"'{name}' does not take ({Types(arguments)}); it is {string.Join(" or ", overloads)}");
            return new Node.Call(overloads, arguments, CelType.Dyn);
        }

        if (name == "matches" && arguments[1] is Node.Constant { Value: { Kind: CelKind.String } pattern })
        {
            return Matches(call, pattern.AsString, arguments[0]);
        }

        if (fitting.All(static overload => overload.TakesZone)
            && arguments[^1] is Node.Constant { Value: { Kind: CelKind.String } zone }
            && !Instants.IsZone(zone.AsString, _schema.FindTimeZone))
        {
            Report(call.Arguments[^1].At, Instants.UnknownZone(zone.AsString));
        }

        // Known types pick the most specific overload; with dyn among them the kinds decide at run time.
        var isOpen = arguments.Any(static argument => argument.Type.IsDyn);
        ImmutableArray<Overload> candidates = isOpen ? fitting : [fitting[0]];
        var type = candidates
            .Select(overload => TypeRules.Substitute(
                overload.Result, arguments.Select((argument, i) => (overload.ParameterAt(i), argument.Type))))
            .Aggregate(TypeRules.Join);
        return Fold(call.At, name, new Node.Call(candidates, arguments, type));
    }

    private Node Matches(Expression.Call call, string pattern, Node operand)
    {
        if (Pattern.TryCompile(pattern, Pattern.MostWeight, out var compiled, out var reason))
        {
            return new Node.Matches(compiled!, operand);
        }

        Report(call.At, reason);
        return new Node.Faulty(reason);
    }

    /// <summary>
    /// Computes constant timestamps and durations once; a malformed one is refused when the rule is loaded.
    /// </summary>
    private Node Fold(int at, string name, Node.Call call)
    {
        if (name is not ("timestamp" or "duration")
            || call.Arguments is not [Node.Constant argument]
            || call.Overloads is not [var overload]
            || !overload.Accepts([argument.Value]))
        {
            return call;
        }

        var evaluation = new Evaluation(new FactFrame(FactSchema.Empty), CelLimits.Default.Steps);
        var value = overload.Body(ref evaluation, [argument.Value]);
        if (!value.IsError)
        {
            return new Node.Constant(value, call.Type);
        }

        Report(at, value.Fault.Reason);
        return call;
    }

    private Node.HostCall HostCall(
        Expression.Call call, string name, ImmutableArray<FactFunction> functions, ImmutableArray<Node> arguments)
    {
        _reads.Add(name);
        var fitting = functions.Where(function => Fits(function.Parameters, arguments)).ToImmutableArray();
        if (fitting.IsEmpty)
        {
            var known = functions.Select(function => $"{name}({string.Join(", ", function.Parameters)})");
            Report(call.At, $"'{name}' does not take ({Types(arguments)}); it is {string.Join(" or ", known)}");
            fitting = functions;
        }
        else if (fitting is [{ Refuse: { } refuse }]
            && arguments.All(static argument => argument is Node.Constant)
            && refuse([.. arguments.Select(static argument => ((Node.Constant)argument).Value)]) is { } reason)
        {
            Report(call.At, reason);
        }

        return new Node.HostCall(
            fitting, arguments, fitting.Select(function => function.Result).Aggregate(TypeRules.Join));
    }

    private Node.Faulty ReportUnknownFunction(Expression.Call call, string name, IEnumerable<string> known)
    {
        var namespaced = _schema.Functions.Select(static function => function.Name);
        var suggestion = Nearest.To(name, known.Concat(namespaced));
        var isMisplaced = !FunctionTable.Find(call.Function, isMethod: call.Target is null).IsEmpty;
        var remedy = call.Target is null ? "a method: write x." : "no method: write ";
        Report(call.At, isMisplaced
            ? $"'{call.Function}' is {remedy}{call.Function}(...)"
            : $"unknown function '{name}'", suggestion);
        return new Node.Faulty($"unknown function '{name}'");
    }

    private static bool Fits(Overload overload, ImmutableArray<Node> arguments) =>
        overload.Takes(arguments.Length)
        && !arguments.Where((argument, i) => !TypeRules.Fits(argument.Type, overload.ParameterAt(i))).Any();

    private static bool Fits(ImmutableArray<CelType> parameters, ImmutableArray<Node> arguments) =>
        parameters.Length == arguments.Length
        && !arguments.Where((argument, i) => !TypeRules.Fits(argument.Type, parameters[i])).Any();

    private static string Types(IEnumerable<Node> arguments) =>
        string.Join(", ", arguments.Select(static argument => argument.Type));
}
