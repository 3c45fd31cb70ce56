using System.Collections.Immutable;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Core.Policies.Proving;

/// <summary>
/// Reduces a condition to its atoms. It never invents a relation: what it does not understand stays one opaque atom, so
/// a formula that cannot be true belongs to a condition that cannot be true.
/// </summary>
internal sealed class FormulaReader(FactSchema schema, AtomTable atoms)
{
    public Formula Read(Expression expression) => expression switch
    {
        Expression.Literal { Value: { Kind: CelKind.Bool } value } => new Formula.Constant(value.AsBool),
        Expression.Unary { Operator: UnaryOperator.Not } not => new Formula.Not(Read(not.Operand)),
        Expression.Logical { IsAnd: true } and => new Formula.All([.. and.Operands.Select(Read)]),
        Expression.Logical or => new Formula.Any([.. or.Operands.Select(Read)]),
        Expression.Conditional choice =>
            new Formula.Choice(Read(choice.Test), Read(choice.Then), Read(choice.Else)),
        Expression.Binary binary => Relation(binary) ?? Opaque(binary),
        Expression.Comprehension { Kind: ComprehensionKind.Exists } exists =>
            Exists(exists) as Formula ?? Opaque(exists),
        _ => Opaque(expression),
    };

    private Formula? Relation(Expression.Binary relation) => relation.Operator switch
    {
        BinaryOperator.Equal => Equality(relation.Left, relation.Right),
        BinaryOperator.NotEqual => Equality(relation.Left, relation.Right) is { } equal ? new Formula.Not(equal) : null,
        BinaryOperator.In => Membership(relation.Left, relation.Right),
        _ => Comparison(relation),
    };

    private Formula? Equality(Expression left, Expression right)
    {
        if (left is Expression.Literal && right is not Expression.Literal)
        {
            return Equality(right, left);
        }

        return (left, right) switch
        {
            (Expression.Literal, _) => null,
            (_, Expression.Literal { Value: { Kind: CelKind.String } text }) => Equal(left, text.AsString),
            (_, Expression.Literal { Value: { Kind: CelKind.Bool } truth }) when IsFact(left, CelType.Bool) =>
                truth.AsBool ? Read(left) : new Formula.Not(Read(left)),
            (_, Expression.Literal { Value: { Kind: CelKind.Int } number }) when IsFact(left, CelType.Int) =>
                new Formula.All([new Formula.Not(Below(left, number.AsInt)), AtMost(left, number.AsInt)]),
            _ => null,
        };
    }

    private Formula? Membership(Expression item, Expression list)
    {
        if (item is Expression.Literal { Value: { Kind: CelKind.String } text })
        {
            return IsFact(list, Strings) ? Contains(list, text.AsString) : null;
        }

        return Texts(list) is { } texts ? new Formula.Any([.. texts.Select(each => Equal(item, each))]) : null;
    }

    private Formula? Comparison(Expression.Binary comparison)
    {
        if (!IsFact(comparison.Left, CelType.Int)
            || comparison.Right is not Expression.Literal { Value: { Kind: CelKind.Int } literal })
        {
            return null;
        }

        var (term, bound) = (comparison.Left, literal.AsInt);
        return comparison.Operator switch
        {
            BinaryOperator.Less => Below(term, bound),
            BinaryOperator.LessOrEqual => AtMost(term, bound),
            BinaryOperator.Greater => new Formula.Not(AtMost(term, bound)),
            BinaryOperator.GreaterOrEqual => new Formula.Not(Below(term, bound)),
            _ => null,
        };
    }

    /// <summary><c>list.exists(v, v in ["A", "B"] || v == "C")</c> says that the list holds one of them.</summary>
    private Formula.Any? Exists(Expression.Comprehension exists)
    {
        var readable = exists.Names.Length == 1 && exists.Filter is null && IsFact(exists.Range, Strings);
        return readable && TextsFor(exists.Body, exists.Names[0]) is { } texts
            ? new Formula.Any([.. texts.Select(text => Contains(exists.Range, text))])
            : null;
    }

    /// <summary>The texts that make a condition about one local name true, when it says nothing else.</summary>
    private static ImmutableArray<string>? TextsFor(Expression body, string name)
    {
        switch (body)
        {
            case Expression.Binary { Operator: BinaryOperator.Equal } equal:
                return IsName(equal.Left, name) ? Texts([equal.Right])
                    : IsName(equal.Right, name) ? Texts([equal.Left])
                    : null;
            case Expression.Binary { Operator: BinaryOperator.In } member:
                return IsName(member.Left, name) ? Texts(member.Right) : null;
            case Expression.Logical { IsAnd: false } or:
                var parts = or.Operands.Select(operand => TextsFor(operand, name)).ToList();
                return parts.Contains(null) ? null : [.. parts.SelectMany(part => part!.Value)];
            default:
                return null;
        }
    }

    private static ImmutableArray<string>? Texts(Expression list) =>
        list is Expression.List { Items: var items } ? Texts(items) : null;

    private static ImmutableArray<string>? Texts(ImmutableArray<Expression> items) =>
        items.All(item => item is Expression.Literal { Value.Kind: CelKind.String })
            ? [.. items.Select(item => ((Expression.Literal)item).Value.AsString)]
            : null;

    private static CelType Strings { get; } = CelType.ListOf(CelType.String);

    private static bool IsName(Expression expression, string name) =>
        expression is Expression.Identifier { Rooted: false } identifier && identifier.Name == name;

    private bool IsFact(Expression expression, CelType type) =>
        expression is Expression.Select && schema.TryGetFact(expression.ToString(), out var fact) && fact.Type == type;

    private Formula.Is Equal(Expression term, string value) => Is(new Atom.Equal(term.ToString(), value));

    private Formula.Is Contains(Expression list, string value) => Is(new Atom.Contains(list.ToString(), value));

    private Formula.Is Below(Expression term, long bound) => Is(new Atom.Below(term.ToString(), bound));

    private Formula AtMost(Expression term, long bound) =>
        bound == long.MaxValue ? new Formula.Constant(Value: true) : Below(term, bound + 1);

    private Formula.Is Opaque(Expression expression) => Is(new Atom.Opaque(expression.ToString()));

    private Formula.Is Is(Atom atom) => new(atoms.NumberOf(atom));
}
