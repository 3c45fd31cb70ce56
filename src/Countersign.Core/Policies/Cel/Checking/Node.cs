using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Functions;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>A checked expression: names are resolved to slots, calls to overloads, and the type is known.</summary>
internal abstract record Node(CelType Type)
{
    public sealed record Constant(CelValue Value, CelType Type) : Node(Type);

    public sealed record FactRead(Fact Fact) : Node(Fact.Type);

    public sealed record Local(int Slot, CelType Type) : Node(Type);

    /// <summary>What a program without a schema evaluates to where a checked one would have been refused.</summary>
    public sealed record Faulty(string Reason) : Node(CelType.Dyn);

    public sealed record Select(Node Operand, CelValue Field, CelType Type) : Node(Type);

    public sealed record HasFact(Fact Fact) : Node(CelType.Bool);

    public sealed record Has(Node Operand, CelValue Field) : Node(CelType.Bool);

    public sealed record Index(Node Operand, Node Key, CelType Type) : Node(Type);

    public sealed record Not(Node Operand) : Node(CelType.Bool);

    public sealed record Negate(Node Operand, CelType Type) : Node(Type);

    public sealed record Arithmetic(BinaryOperator Operator, Node Left, Node Right, CelType Type) : Node(Type);

    public sealed record Relation(BinaryOperator Operator, Node Left, Node Right) : Node(CelType.Bool);

    public sealed record Equal(bool IsNegated, Node Left, Node Right) : Node(CelType.Bool);

    public sealed record In(Node Element, Node Container) : Node(CelType.Bool);

    public sealed record Logical(bool IsAnd, ImmutableArray<Node> Operands) : Node(CelType.Bool);

    public sealed record Conditional(Node Test, Node Then, Node Else, CelType Type) : Node(Type);

    public sealed record List(ImmutableArray<Node> Items, CelType Type) : Node(Type);

    public sealed record Map(ImmutableArray<KeyValuePair<Node, Node>> Entries, CelType Type) : Node(Type);

    /// <summary>The variables are the locals <c>Slot</c> and, for two variables, the one after it.</summary>
    public sealed record Comprehension(
        ComprehensionKind Kind,
        Node Range,
        int Slot,
        bool HasTwoVariables,
        Node? Filter,
        Node Body,
        CelType Type) : Node(Type);

    public sealed record Bind(int Slot, Node Value, Node Body) : Node(Body.Type);

    public sealed record Call(ImmutableArray<Overload> Overloads, ImmutableArray<Node> Arguments, CelType Type)
        : Node(Type);

    public sealed record Matches(Pattern Pattern, Node Operand) : Node(CelType.Bool);

    public sealed record HostCall(ImmutableArray<FactFunction> Functions, ImmutableArray<Node> Arguments, CelType Type)
        : Node(Type);
}
