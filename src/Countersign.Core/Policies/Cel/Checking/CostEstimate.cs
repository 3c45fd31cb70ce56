using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Functions;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>
/// A static upper bound of the steps one evaluation takes, from the sizes the schema declares. Comprehensions multiply.
/// </summary>
internal sealed class CostEstimate
{
    /// <summary>What compiling a pattern that is known only at run time costs.</summary>
    public const int PatternCost = 1_000;

    /// <summary>What looking up a time zone costs: a name that nobody knows asks the file system each time.</summary>
    public const int ZoneCost = 100;

    public const int HostCallCost = 10;
    private const int PatternStepsPerVolume = 8;
    private const int SortSteps = 20;

    /// <summary>What a clause of a template may make of each of its characters: a number with all digits.</summary>
    private const int StepsPerClause = 8;
    private const double Ceiling = 1e15;

    private readonly Size[] _locals;

    private CostEstimate(int localCount) => _locals = new Size[localCount];

    public static long Of(CheckResult checkedExpression)
    {
        var (cost, _) = new CostEstimate(checkedExpression.LocalCount).Estimate(checkedExpression.Node);

        // Nothing times something endless is no number, and no number is no bound.
        return double.IsNaN(cost) ? (long)Ceiling : (long)Math.Min(cost, Ceiling);
    }

    private (double Cost, Size Size) Estimate(Node node)
    {
        switch (node)
        {
            case Node.Constant constant:
                return (0, Size.Of(constant.Value));
            case Node.FactRead read:
                return (1, Size.Of(read.Fact));
            case Node.Local local:
                return (1, _locals[local.Slot]);
            case Node.Faulty or Node.HasFact:
                return (1, Size.Scalar);
            case Node.Select select:
                return Element(Estimate(select.Operand));
            case Node.Has has:
                return (Estimate(has.Operand).Cost + 1, Size.Scalar);
            case Node.Index index:
                var key = Estimate(index.Key);
                return Element(Plus(Estimate(index.Operand), key.Cost + key.Size.Volume));
            case Node.Conditional conditional:
                return Conditional(conditional);
            case Node.List list:
                return List(list);
            case Node.Map map:
                return Map(map);
            case Node.Bind bind:
                return Bind(bind);
            case Node.Comprehension comprehension:
                return Comprehension(comprehension);
            case Node.Call call:
                return Call(call);
            case Node.HostCall call:
                return HostCall(call);
            default:
                return Operator(node);
        }
    }

    private (double Cost, Size Size) Operator(Node node)
    {
        switch (node)
        {
            case Node.Not not:
                return (Estimate(not.Operand).Cost + 1, Size.Scalar);
            case Node.Negate negate:
                return (Estimate(negate.Operand).Cost + 1, Size.Scalar);
            case Node.Matches matches:
                var (cost, text) = Estimate(matches.Operand);
                return (cost + (text.Volume * PatternStepsPerVolume * matches.Pattern.Weight), Size.Scalar);
            case Node.Logical logical:
                return (logical.Operands.Sum(operand => Estimate(operand).Cost) + 1, Size.Scalar);
            case Node.Equal equal:
                var (left, right) = (Estimate(equal.Left), Estimate(equal.Right));
                return (left.Cost + right.Cost + Comparison(left.Size, right.Size), Size.Scalar);
            case Node.Relation relation:
                (left, right) = (Estimate(relation.Left), Estimate(relation.Right));
                return (left.Cost + right.Cost + Comparison(left.Size, right.Size), Size.Scalar);
            case Node.In member:
                var (element, container) = (Estimate(member.Element), Estimate(member.Container));
                var each = 1 + Comparison(element.Size, container.Size.Item);
                var walk = (container.Size.Length * each) + element.Size.Volume;
                return (element.Cost + container.Cost + walk + 1, Size.Scalar);
            case Node.Arithmetic arithmetic:
                return Sum(arithmetic.Type, Estimate(arithmetic.Left), Estimate(arithmetic.Right));
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Only as much as the smaller holds is compared; of a map, keys are found as well as values.</summary>
    private static double Comparison(Size left, Size right) => 2 * Math.Min(left.Volume, right.Volume);

    private static (double Cost, Size Size) Plus((double Cost, Size Size) estimate, double cost) =>
        (estimate.Cost + cost, estimate.Size);

    private static (double Cost, Size Size) Element((double Cost, Size Size) collection) =>
        (collection.Cost + 1, collection.Size.Item);

    private static (double Cost, Size Size) Sum(
        CelType type, (double Cost, Size Size) left, (double Cost, Size Size) right)
    {
        var isScalar = type.IsNumeric || type == CelType.Timestamp || type == CelType.Duration;
        var size = isScalar ? Size.Scalar : Size.Concatenate(left.Size, right.Size);
        return (left.Cost + right.Cost + size.Volume, size);
    }

    private (double Cost, Size Size) Conditional(Node.Conditional conditional)
    {
        var then = Estimate(conditional.Then);
        var otherwise = Estimate(conditional.Else);
        return (
            Estimate(conditional.Test).Cost + Math.Max(then.Cost, otherwise.Cost) + 1,
            Size.Larger(then.Size, otherwise.Size));
    }

    private (double Cost, Size Size) List(Node.List list)
    {
        var items = list.Items.Select(Estimate).ToList();
        var item = items.Select(static estimate => estimate.Size).Aggregate(Size.Scalar, Size.Larger);
        return (items.Sum(static estimate => estimate.Cost) + items.Count, Size.Collection(items.Count, item));
    }

    private (double Cost, Size Size) Map(Node.Map map)
    {
        var entries = map.Entries.Select(entry => (Key: Estimate(entry.Key), Value: Estimate(entry.Value))).ToList();
        var item = entries.Select(static entry => Size.Larger(entry.Key.Size, entry.Value.Size))
            .Aggregate(Size.Scalar, Size.Larger);
        return (
            entries.Sum(static entry => entry.Key.Cost + entry.Key.Size.Volume + entry.Value.Cost + 2),
            Size.Collection(entries.Count, item));
    }

    private (double Cost, Size Size) Bind(Node.Bind bind)
    {
        var value = Estimate(bind.Value);
        _locals[bind.Slot] = value.Size;
        return Plus(Estimate(bind.Body), value.Cost + 1);
    }

    private (double Cost, Size Size) Comprehension(Node.Comprehension comprehension)
    {
        var range = Estimate(comprehension.Range);
        _locals[comprehension.Slot] = range.Size.Item;
        if (comprehension.HasTwoVariables)
        {
            _locals[comprehension.Slot + 1] = range.Size.Item;
        }

        var filter = comprehension.Filter is null ? 0 : Estimate(comprehension.Filter).Cost;
        var body = Estimate(comprehension.Body);
        var size = comprehension.Kind switch
        {
            ComprehensionKind.All or ComprehensionKind.Exists or ComprehensionKind.ExistsOne => Size.Scalar,
            ComprehensionKind.Filter or ComprehensionKind.SortBy => Size.Collection(range.Size.Length, range.Size.Item),
            ComprehensionKind.TransformMapEntry => Size.Collection(
                range.Size.Length * body.Size.Length, body.Size.Item),
            _ => Size.Collection(range.Size.Length, body.Size),
        };
        var making = comprehension.Kind switch
        {
            ComprehensionKind.SortBy => 20 * body.Size.Volume,
            ComprehensionKind.TransformMap => range.Size.Item.Volume,
            ComprehensionKind.TransformMapEntry => body.Size.Volume,
            _ => 0,
        };
        return (range.Cost + 1 + (range.Size.Length * (1 + filter + body.Cost + making)), size);
    }

    private (double Cost, Size Size) Call(Node.Call call)
    {
        var arguments = call.Arguments.Select(Estimate).ToImmutableArray();
        var result = Grown(call, call.Overloads.Max(static overload => overload.Growth), arguments);
        var sizes = arguments.Select(static argument => argument.Size).ToImmutableArray();
        var work = call.Overloads.Max(overload => Work(overload.Effort, sizes, result));
        return (arguments.Sum(static argument => argument.Cost) + work, result);
    }

    private static double Work(Effort effort, ImmutableArray<Size> arguments, Size result)
    {
        // Every text is read once before the function does its own work with it.
        var volume = arguments.Sum(static argument => argument.Volume);

        // A call that is refused for its arguments is estimated all the same when nobody checks types.
        var first = arguments.ElementAtOrDefault(0) ?? Size.Scalar;
        var second = arguments.ElementAtOrDefault(1) ?? Size.Scalar;
        return effort switch
        {
            Effort.Constant => 1,
            Effort.Linear => 1 + (2 * volume),
            Effort.Search => 1 + volume + Search(first, second),
            Effort.Split => 2 + volume + first.Characters + Search(first, second),
            Effort.Replace => 2 + volume + first.Characters + Search(first, second) + result.Volume,
            Effort.Result => 1 + volume + result.Volume,
            Effort.Template => 1 + (2 * volume) + (StepsPerClause * first.Characters),
            Effort.Quadratic => 1 + (volume * (volume + SortSteps)),
            Effort.Pattern => (Pattern.MostWeightAtRunTime * PatternCost)
                + (volume * (1 + (PatternStepsPerVolume * Pattern.MostWeightAtRunTime))),
            Effort.Zone => 1 + ZoneCost + volume,
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>
    /// The charge of <see cref="Runtime.Evaluation.TryChargeSearch"/> for the worst part: half as long as the text.
    /// </summary>
    private static double Search(Size text, Size part)
    {
        var (t, p) = (1 + (text.Characters / Size.CharactersPerStep), 1 + (part.Characters / Size.CharactersPerStep));
        var half = Math.Min(p, (t + 1) / 2);
        return 1 + p + ((t + 1 - half) * half);
    }

    private static Size Grown(Node.Call call, Growth growth, ImmutableArray<(double Cost, Size Size)> arguments)
    {
        var length = growth switch
        {
            Growth.Small => 64,
            Growth.Joined => arguments[0].Size.Length
                * (arguments[0].Size.Item.Characters + (arguments is [_, var (_, between)] ? between.Characters : 0)),
            Growth.Sum => arguments.Sum(static argument => argument.Size.Characters),
            Growth.Product => arguments.Aggregate(2.0, static (product, next) => product * (1 + next.Size.Length)),
            _ => call.Arguments is [Node.Constant { Value: { Kind: CelKind.Int } count }]
                ? count.AsInt
                : CelLimits.TextLength,
        };
        var item = arguments.Select(static argument => argument.Size.Item).Aggregate(Size.Scalar, Size.Larger);
        return call.Type switch
        {
            CelType.List { Element: var element } when element == CelType.String =>
                Size.Collection(length, Size.Text(arguments[0].Size.Length)),
            CelType.List or CelType.Map => Size.Collection(length, item),
            _ when call.Type == CelType.String || call.Type == CelType.Bytes => Size.Text(length),
            _ when growth == Growth.Sum && !arguments.IsEmpty => arguments[0].Size,
            _ => Size.Scalar,
        };
    }

    private (double Cost, Size Size) HostCall(Node.HostCall call) => (
        call.Arguments.Sum(argument => Estimate(argument).Cost) + HostCallCost,
        call.Functions.Select(Size.OfResult).Aggregate(Size.Larger));
}
