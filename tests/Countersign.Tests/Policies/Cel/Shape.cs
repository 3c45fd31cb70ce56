using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Parsing;

namespace Countersign.Tests.Policies.Cel;

/// <summary>
/// Writes a syntax tree with every node in brackets, so that two trees compare as text without positions.
/// </summary>
internal static class Shape
{
    public static string Of(Expression? expression) => expression switch
    {
        null => "-",
        Expression.Literal literal => $"({literal.Value.Kind} {Literals.Print(literal.Value)})",
        Expression.Identifier identifier => $"(name {identifier.Rooted} {identifier.Name})",
        Expression.Select select => $"(select {Of(select.Operand)} {select.Field})",
        Expression.Has has => $"(has {Of(has.Operand)} {has.Field})",
        Expression.Index index => $"(index {Of(index.Operand)} {Of(index.Key)})",
        Expression.Call call => $"(call {Of(call.Target)} {call.Function} {All(call.Arguments)})",
        Expression.Unary unary => $"({unary.Operator} {Of(unary.Operand)})",
        Expression.Binary binary => $"({binary.Operator} {Of(binary.Left)} {Of(binary.Right)})",
        Expression.Logical logical => $"(and={logical.IsAnd} {All(logical.Operands)})",
        Expression.Conditional c => $"(if {Of(c.Test)} {Of(c.Then)} {Of(c.Else)})",
        Expression.List list => $"(list {All(list.Items)})",
        Expression.Map map => $"(map {string.Join(' ', map.Entries.Select(entry => Of(entry.Key) + Of(entry.Value)))})",
        Expression.Comprehension c =>
            $"({c.Kind} {Of(c.Range)} {string.Join(' ', c.Names)} {Of(c.Filter)} {Of(c.Body)})",
        Expression.Bind bind => $"(bind {bind.Name} {Of(bind.Value)} {Of(bind.Body)})",
        _ => throw new ArgumentException(expression.GetType().Name),
    };

    private static string All(IEnumerable<Expression> expressions) => string.Join(' ', expressions.Select(Of));
}
