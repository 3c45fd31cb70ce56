using System.Collections.Immutable;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Tests.Policies.Cel;

/// <summary>
/// Random syntax trees from a seed: well-formed, mostly ill-typed, always the same for the same seed.
/// </summary>
internal sealed class RandomExpressions(int seed)
{
    private static readonly string[] Names = ["a", "b", "x", "sql", "action"];
    private static readonly string[] Fields = ["name", "arguments", "if", "foo.txt", "verbs"];
    private static readonly string[] Functions =
    [
        "size", "int", "string", "double", "uint", "bytes", "bool", "timestamp", "duration", "type", "dyn", "matches",
        "math.greatest", "math.abs", "math.bitShiftLeft", "strings.quote", "base64.decode", "lists.range", "unknown",
    ];

    private static readonly string[] Methods =
    [
        "size", "contains", "startsWith", "matches", "split", "join", "replace", "substring", "charAt", "indexOf",
        "lastIndexOf", "reverse", "format", "sort", "distinct", "flatten", "slice", "first", "getHours", "unknown",
    ];

    private static readonly string[] Texts =
        ["", "a", "DROP", "%s %d %.3f", "é😀", "1h", "2026-01-01T00:00:00Z", "(a|b)*", "\"\\\n\u0001", "12", "+01:00"];

    private readonly Random _random = new(seed);

    public Expression Next(int depth = 4)
    {
        if (depth == 0)
        {
            return _random.Next(3) == 0 ? new Expression.Identifier(Pick(Names), _random.Next(8) == 0, 0) : Literal();
        }

        return _random.Next(13) switch
        {
            0 or 1 => new Expression.Binary(
                Pick(Enum.GetValues<BinaryOperator>()), Next(depth - 1), Next(depth - 1), 0),
            2 => new Expression.Logical(_random.Next(2) == 0, Many(depth, least: 2), 0),
            3 => new Expression.Unary(Pick(Enum.GetValues<UnaryOperator>()), Next(depth - 1), 0),
            4 => new Expression.Conditional(Next(depth - 1), Next(depth - 1), Next(depth - 1), 0),
            5 => new Expression.List(Many(depth, least: 0), 0),
            6 => Map(depth),
            7 => new Expression.Select(Next(depth - 1), Pick(Fields), 0),
            8 => new Expression.Has(Next(depth - 1), Pick(Fields), 0),
            9 => new Expression.Index(Next(depth - 1), Next(depth - 1), 0),
            10 => Call(depth),
            11 => Comprehension(depth),
            _ => new Expression.Bind(Pick(Names), Next(depth - 1), Next(depth - 1), 0),
        };
    }

    private Expression.Literal Literal() => new(
        _random.Next(8) switch
        {
            0 => CelValue.Null,
            1 => CelValue.FromBool(_random.Next(2) == 0),
            2 => CelValue.FromInt(Pick<long>([0, 1, -1, 7, long.MaxValue, long.MinValue, _random.NextInt64()])),
            3 => CelValue.FromUint(Pick<ulong>([0, 1, ulong.MaxValue])),
            4 => CelValue.FromDouble(Pick<double>([0.0, -0.0, 1.5, -2.25, 1e300, 5e-324, _random.NextDouble()])),
            5 => CelValue.FromOctets(Pick<byte[]>([[0, 34, 92, 255], []])),
            _ => CelValue.FromString(Pick(Texts)),
        },
        0);

    private ImmutableArray<Expression> Many(int depth, int least) =>
        [.. Enumerable.Range(0, least + _random.Next(3)).Select(_ => Next(depth - 1))];

    private Expression.Map Map(int depth) =>
        new([.. Many(depth, least: 0).Select(key => KeyValuePair.Create(key, Next(depth - 1)))], 0);

    private Expression.Call Call(int depth)
    {
        if (_random.Next(2) == 0)
        {
            return new Expression.Call(Next(depth - 1), Pick(Methods), Many(depth, least: 0), 0);
        }

        var parts = Pick(Functions).Split('.');
        Expression? target = parts.Length == 1 ? null : new Expression.Identifier(parts[0], Rooted: false, 0);
        return new Expression.Call(target, parts[^1], Many(depth, least: 0), 0);
    }

    private Expression.Comprehension Comprehension(int depth)
    {
        var kind = Pick(Enum.GetValues<ComprehensionKind>());
        var isTransform = kind is ComprehensionKind.TransformList or ComprehensionKind.TransformMap
            or ComprehensionKind.TransformMapEntry;
        var hasTwo = isTransform || (kind <= ComprehensionKind.ExistsOne && _random.Next(2) == 0);
        var mayFilter = isTransform || kind == ComprehensionKind.Map;
        return new Expression.Comprehension(
            kind,
            Next(depth - 1),
            hasTwo ? ["x", "y"] : ["x"],
            mayFilter && _random.Next(2) == 0 ? Next(depth - 1) : null,
            Next(depth - 1),
            0);
    }

    private T Pick<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];
}
