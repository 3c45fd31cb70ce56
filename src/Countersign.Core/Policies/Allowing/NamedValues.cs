using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Core.Policies.Allowing;

/// <summary>
/// A value that conditions compare something with: a member of the arguments by its path, or the operation.
/// <c>Value</c> is <c>null</c> where a condition only asks whether the member is there.
/// </summary>
internal sealed record NamedValue(string Path, CelValue? Value)
{
    public const string Operation = "action.operation";
    public const string Tool = "mcp.tool";
    public const string Arguments = "action.arguments.";

    /// <summary>Everything of the kind in a condition, wherever it stands in it.</summary>
    public static IEnumerable<NamedValue> In(Expression expression) => expression switch
    {
        Expression.Binary binary => OfRelation(binary),
        Expression.Logical logical => logical.Operands.SelectMany(In),
        Expression.Unary not => In(not.Operand),
        Expression.Conditional choice => In(choice.Test).Concat(In(choice.Then)).Concat(In(choice.Else)),
        Expression.Has has when PathOf(has.Operand) is { } path => [new NamedValue($"{path}.{has.Field}", Value: null)],
        // A member that is a condition by itself is true or false.
        _ when PathOf(expression) is { } path =>
            [new NamedValue(path, CelValue.FromBool(true)), new NamedValue(path, CelValue.FromBool(false))],
        _ => [],
    };

    private static IEnumerable<NamedValue> OfRelation(Expression.Binary relation) =>
        (PathOf(relation.Left), PathOf(relation.Right)) switch
        {
            ({ } path, null) => LiteralsIn(relation.Right).Select(value => new NamedValue(path, value)),
            (null, { } path) => LiteralsIn(relation.Left).Select(value => new NamedValue(path, value)),
            _ => In(relation.Left).Concat(In(relation.Right)),
        };

    private static IEnumerable<CelValue> LiteralsIn(Expression expression) => expression switch
    {
        Expression.Literal literal => [literal.Value],
        Expression.List list => list.Items.OfType<Expression.Literal>().Select(item => item.Value),
        _ => [],
    };

    /// <summary><c>a.b["c"]</c> as <c>a.b.c</c>; <c>null</c> for everything that is no path.</summary>
    private static string? PathOf(Expression expression) => expression switch
    {
        Expression.Identifier identifier => identifier.Name,
        Expression.Select select when PathOf(select.Operand) is { } path => $"{path}.{select.Field}",
        Expression.Index { Key: Expression.Literal { Value: { Kind: CelKind.String } key } } index
            when PathOf(index.Operand) is { } path => $"{path}.{key.AsString}",
        _ => null,
    };
}
