namespace Countersign.Core.Policies.Cel.Ast;

internal enum UnaryOperator
{
    Not,
    Negate,
}

internal enum BinaryOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// <summary>How an operator is written and how tightly it binds; a higher level binds more tightly.</summary>
internal static class Operators
{
    public const int ConditionalLevel = 1;
    public const int OrLevel = 2;
    public const int AndLevel = 3;
    public const int RelationLevel = 4;
    public const int UnaryLevel = 7;
    public const int MemberLevel = 8;

    public static int Level(this BinaryOperator binary) => binary switch
    {
        BinaryOperator.Add or BinaryOperator.Subtract => 5,
        BinaryOperator.Multiply or BinaryOperator.Divide or BinaryOperator.Modulo => 6,
        _ => RelationLevel,
    };

    public static string Symbol(this BinaryOperator binary) => binary switch
    {
        BinaryOperator.Equal => "==",
        BinaryOperator.NotEqual => "!=",
        BinaryOperator.Less => "<",
        BinaryOperator.LessOrEqual => "<=",
        BinaryOperator.Greater => ">",
        BinaryOperator.GreaterOrEqual => ">=",
        BinaryOperator.In => "in",
        BinaryOperator.Add => "+",
        BinaryOperator.Subtract => "-",
        BinaryOperator.Multiply => "*",
        BinaryOperator.Divide => "/",
        _ => "%",
    };

    public static BinaryOperator? Find(string symbol)
    {
        foreach (var candidate in Enum.GetValues<BinaryOperator>())
        {
            if (candidate.Symbol() == symbol)
            {
                return candidate;
            }
        }

        return null;
    }
}
