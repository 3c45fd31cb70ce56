using System.Diagnostics;
using System.Text;
using Countersign.Core.Policies.Cel.Parsing;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Ast;

/// <summary>Prints an expression with as few parentheses as its meaning allows.</summary>
internal static class Printer
{
    public static string Print(Expression expression)
    {
        var text = new StringBuilder();
        Append(text, expression);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Expression expression)
    {
        switch (expression)
        {
            case Expression.Literal literal:
                text.Append(Literals.Print(literal.Value));
                break;
            case Expression.Identifier identifier:
                text.Append(identifier.Rooted ? "." : "").Append(identifier.Name);
                break;
            case Expression.Unary unary:
                AppendUnary(text, unary);
                break;
            case Expression.Binary binary:
                AppendAt(text, binary.Left, binary.Operator.Level());
                text.Append(' ').Append(binary.Operator.Symbol()).Append(' ');
                AppendAt(text, binary.Right, binary.Operator.Level() + 1);
                break;
            case Expression.Logical logical:
                AppendLogical(text, logical);
                break;
            case Expression.Conditional conditional:
                AppendAt(text, conditional.Test, Operators.OrLevel);
                text.Append(" ? ");
                AppendAt(text, conditional.Then, Operators.OrLevel);
                text.Append(" : ");
                AppendAt(text, conditional.Else, Operators.ConditionalLevel);
                break;
            default:
                AppendMember(text, expression);
                break;
        }
    }

    private static void AppendMember(StringBuilder text, Expression expression)
    {
        switch (expression)
        {
            case Expression.Select select:
                AppendSelect(text, select.Operand, select.Field);
                break;
            case Expression.Has has:
                text.Append("has(");
                AppendSelect(text, has.Operand, has.Field);
                text.Append(')');
                break;
            case Expression.Index index:
                AppendAt(text, index.Operand, Operators.MemberLevel);
                text.Append('[');
                Append(text, index.Key);
                text.Append(']');
                break;
            case Expression.Call call:
                AppendCall(text, call);
                break;
            case Expression.List list:
                text.Append('[');
                AppendAll(text, list.Items);
                text.Append(']');
                break;
            case Expression.Map map:
                AppendMap(text, map);
                break;
            case Expression.Comprehension comprehension:
                AppendComprehension(text, comprehension);
                break;
            case Expression.Bind bind:
                text.Append("cel.bind(").Append(bind.Name).Append(", ");
                AppendAll(text, [bind.Value, bind.Body]);
                text.Append(')');
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void AppendUnary(StringBuilder text, Expression.Unary unary)
    {
        var isNot = unary.Operator is UnaryOperator.Not;
        text.Append(isNot ? '!' : '-');

        // A minus directly before digits would read as part of the number.
        var level = !isNot && unary.Operand is Expression.Literal ? int.MaxValue : Operators.UnaryLevel;
        AppendAt(text, unary.Operand, level);
    }

    private static void AppendLogical(StringBuilder text, Expression.Logical logical)
    {
        var level = logical.IsAnd ? Operators.AndLevel : Operators.OrLevel;
        for (var i = 0; i < logical.Operands.Length; i++)
        {
            text.Append(i == 0 ? "" : logical.IsAnd ? " && " : " || ");
            AppendAt(text, logical.Operands[i], level + 1);
        }
    }

    private static void AppendSelect(StringBuilder text, Expression operand, string field)
    {
        AppendAt(text, operand, Operators.MemberLevel);
        text.Append('.').Append(Words.IsSelector(field) ? field : $"`{field}`");
    }

    private static void AppendCall(StringBuilder text, Expression.Call call)
    {
        if (call.Target is not null)
        {
            AppendAt(text, call.Target, Operators.MemberLevel);
            text.Append('.');
        }

        text.Append(call.Function).Append('(');
        AppendAll(text, call.Arguments);
        text.Append(')');
    }

    private static void AppendMap(StringBuilder text, Expression.Map map)
    {
        text.Append('{');
        for (var i = 0; i < map.Entries.Length; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Append(text, map.Entries[i].Key);
            text.Append(": ");
            Append(text, map.Entries[i].Value);
        }

        text.Append('}');
    }

    private static void AppendComprehension(StringBuilder text, Expression.Comprehension comprehension)
    {
        AppendAt(text, comprehension.Range, Operators.MemberLevel);
        text.Append('.').Append(Macros.NameOf(comprehension.Kind, comprehension.Names.Length)).Append('(');
        text.AppendJoin(", ", comprehension.Names).Append(", ");
        AppendAll(text, comprehension.Filter is null
            ? [comprehension.Body]
            : [comprehension.Filter, comprehension.Body]);
        text.Append(')');
    }

    private static void AppendAll(StringBuilder text, IReadOnlyList<Expression> items)
    {
        for (var i = 0; i < items.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Append(text, items[i]);
        }
    }

    private static void AppendAt(StringBuilder text, Expression expression, int level)
    {
        if (LevelOf(expression) >= level)
        {
            Append(text, expression);
            return;
        }

        text.Append('(');
        Append(text, expression);
        text.Append(')');
    }

    private static int LevelOf(Expression expression) => expression switch
    {
        Expression.Conditional => Operators.ConditionalLevel,
        Expression.Logical logical => logical.IsAnd ? Operators.AndLevel : Operators.OrLevel,
        Expression.Binary binary => binary.Operator.Level(),
        Expression.Unary => Operators.UnaryLevel,
        Expression.Literal literal => Literals.IsSigned(literal.Value) ? Operators.UnaryLevel : Operators.MemberLevel,
        _ => Operators.MemberLevel,
    };
}
