using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>
/// Resolves names and calls and gives every expression a type. A lenient checker, for programs without a schema, turns
/// what it would refuse into an error value at run time.
/// </summary>
internal sealed partial class Checker
{
    private readonly string _source;
    private readonly FactSchema _schema;
    private readonly CelLimits _limits;
    private readonly bool _isLenient;
    private readonly ImmutableArray<CelError>.Builder _errors = ImmutableArray.CreateBuilder<CelError>();
    private readonly HashSet<string> _reads = [];
    private readonly List<(string Name, CelType Type)> _scope = [];
    private int _localCount;
    private int _comprehensions;

    private Checker(string source, FactSchema schema, CelLimits limits, bool isLenient)
    {
        _source = source;
        _schema = schema;
        _limits = limits;
        _isLenient = isLenient;
    }

    public static CheckResult Check(
        string source, Expression expression, FactSchema schema, CelLimits limits, bool isLenient)
    {
        var checker = new Checker(source, schema, limits, isLenient);
        var node = checker.Check(expression);
        return new CheckResult(
            node, checker._reads.ToFrozenSet(), checker._localCount, checker._errors.DrainToImmutable());
    }

    private Node Check(Expression expression) => expression switch
    {
        Expression.Literal literal => new Node.Constant(literal.Value, Kinds.TypeOf(literal.Value.Kind)),
        Expression.Identifier or Expression.Select => CheckName(expression),
        Expression.Has has => CheckHas(has),
        Expression.Index index => CheckIndex(index),
        Expression.Unary unary => CheckUnary(unary),
        Expression.Binary binary => CheckBinary(binary),
        Expression.Logical logical => new Node.Logical(
            logical.IsAnd, [.. logical.Operands.Select(CheckCondition)]),
        Expression.Conditional conditional => CheckConditional(conditional),
        Expression.List list => CheckList(list),
        Expression.Map map => CheckMap(map),
        Expression.Call call => CheckCall(call),
        Expression.Comprehension comprehension => CheckComprehension(comprehension),
        Expression.Bind bind => CheckBind(bind),
        _ => throw new UnreachableException(),
    };

    private Node CheckCondition(Expression expression)
    {
        var node = Check(expression);
        if (!TypeRules.Fits(node.Type, CelType.Bool))
        {
            Report(expression.At, $"expected a bool here, not {node.Type}");
        }

        return node;
    }

    private Node.Conditional CheckConditional(Expression.Conditional conditional)
    {
        var test = CheckCondition(conditional.Test);
        var then = Check(conditional.Then);
        var otherwise = Check(conditional.Else);
        if (!TypeRules.Fits(then.Type, otherwise.Type))
        {
            Report(conditional.At, $"both branches need one type, not {then.Type} and {otherwise.Type}");
        }

        return new Node.Conditional(test, then, otherwise, TypeRules.Join(then.Type, otherwise.Type));
    }

    private Node CheckList(Expression.List list)
    {
        var items = list.Items.Select(Check).ToImmutableArray();
        var element = items.Length == 0 ? CelType.Dyn : items.Select(item => item.Type).Aggregate(TypeRules.Join);
        var type = CelType.ListOf(element);
        return items.All(static item => item is Node.Constant)
            ? new Node.Constant(CelValue.FromList([.. items.Cast<Node.Constant>().Select(item => item.Value)]), type)
            : new Node.List(items, type);
    }

    private Node.Map CheckMap(Expression.Map map)
    {
        var entries = map.Entries
            .Select(entry => new KeyValuePair<Node, Node>(CheckKey(entry.Key), Check(entry.Value)))
            .ToImmutableArray();
        var type = entries.Length == 0
            ? CelType.MapOf(CelType.Dyn, CelType.Dyn)
            : CelType.MapOf(
                entries.Select(entry => entry.Key.Type).Aggregate(TypeRules.Join),
                entries.Select(entry => entry.Value.Type).Aggregate(TypeRules.Join));
        return new Node.Map(entries, type);
    }

    private Node CheckKey(Expression expression)
    {
        var key = Check(expression);
        CelType[] allowed = [CelType.Dyn, CelType.Bool, CelType.Int, CelType.Uint, CelType.String];
        if (!allowed.Contains(key.Type))
        {
            Report(expression.At, $"a map key must be a bool, an int, a uint or a string, not {key.Type}");
        }

        return key;
    }

    private Node.Bind CheckBind(Expression.Bind bind)
    {
        var value = Check(bind.Value);
        var slot = Declare(bind.Name, value.Type);
        var body = Check(bind.Body);
        Forget(count: 1);
        return new Node.Bind(slot, value, body);
    }

    private int Declare(string name, CelType type)
    {
        _scope.Add((name, type));
        _localCount = Math.Max(_localCount, _scope.Count);
        return _scope.Count - 1;
    }

    private void Forget(int count) => _scope.RemoveRange(_scope.Count - count, count);

    /// <summary>
    /// Refuses the expression; a lenient checker goes on, and the fault shows when the node is evaluated.
    /// </summary>
    private void Report(int at, string message, string? suggestion = null)
    {
        if (!_isLenient)
        {
            _errors.Add(CelError.At(_source, at, message, suggestion));
        }
    }
}
