using System.Collections.Immutable;

namespace Countersign.Core.Policies.Cel.Ast;

/// <summary>
/// A parsed expression. <c>At</c> is the offset of the token an error about the node should point to; <c>Depth</c> the
/// height of the tree, which the parser limits so that everything after it may recurse.
/// <see cref="object.ToString"/> prints the expression so that parsing the text gives the same tree.
/// </summary>
internal abstract record Expression(int At, int Depth = 1)
{
    public sealed override string ToString() => Printer.Print(this);

    private static int Above(params IEnumerable<Expression?> children) =>
        1 + children.Select(static child => child?.Depth ?? 0).DefaultIfEmpty(0).Max();

    public sealed record Literal(CelValue Value, int At) : Expression(At);

    /// <summary>A name; <c>Rooted</c> when written with a leading dot, which looks past local variables.</summary>
    public sealed record Identifier(string Name, bool Rooted, int At) : Expression(At);

    public sealed record Select(Expression Operand, string Field, int At) : Expression(At, Above(Operand));

    /// <summary>The macro <c>has(operand.field)</c>.</summary>
    public sealed record Has(Expression Operand, string Field, int At) : Expression(At, Above(Operand));

    public sealed record Index(Expression Operand, Expression Key, int At) : Expression(At, Above(Operand, Key));

    public sealed record Call(Expression? Target, string Function, ImmutableArray<Expression> Arguments, int At)
        : Expression(At, Above([Target, .. Arguments]));

    public sealed record Unary(UnaryOperator Operator, Expression Operand, int At) : Expression(At, Above(Operand));

    public sealed record Binary(BinaryOperator Operator, Expression Left, Expression Right, int At)
        : Expression(At, Above(Left, Right));

    /// <summary>A chain of <c>&amp;&amp;</c> or <c>||</c>, flat so that long chains are not deep trees.</summary>
    public sealed record Logical(bool IsAnd, ImmutableArray<Expression> Operands, int At)
        : Expression(At, Above([.. Operands]));

    public sealed record Conditional(Expression Test, Expression Then, Expression Else, int At)
        : Expression(At, Above(Test, Then, Else));

    public sealed record List(ImmutableArray<Expression> Items, int At) : Expression(At, Above([.. Items]));

    public sealed record Map(ImmutableArray<KeyValuePair<Expression, Expression>> Entries, int At)
        : Expression(At, Above([.. Entries.SelectMany(static entry => new[] { entry.Key, entry.Value })]));

    public sealed record Comprehension(
        ComprehensionKind Kind,
        Expression Range,
        ImmutableArray<string> Names,
        Expression? Filter,
        Expression Body,
        int At) : Expression(At, Above(Range, Filter, Body));

    /// <summary>The macro <c>cel.bind(name, value, body)</c>.</summary>
    public sealed record Bind(string Name, Expression Value, Expression Body, int At)
        : Expression(At, Above(Value, Body));
}
