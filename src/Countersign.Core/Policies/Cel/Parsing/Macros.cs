using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Core.Policies.Cel.Parsing;

/// <summary>
/// The calls that bind names (langdef, "Macros", and the two-variable comprehensions of the extensions).
/// </summary>
internal static class Macros
{
    public const string HasUsage = "has() takes one member selection, such as has(action.arguments.name)";
    public const string BindUsage = "cel.bind() takes a name, its value and the expression that uses it";

    public static string NameOf(ComprehensionKind kind, int names) => kind switch
    {
        ComprehensionKind.All => "all",
        ComprehensionKind.Exists => "exists",
        ComprehensionKind.ExistsOne => names == 1 ? "exists_one" : "existsOne",
        ComprehensionKind.Map => "map",
        ComprehensionKind.Filter => "filter",
        ComprehensionKind.TransformList => "transformList",
        ComprehensionKind.TransformMap => "transformMap",
        ComprehensionKind.TransformMapEntry => "transformMapEntry",
        _ => "sortBy",
    };

    public static Expression? TryHas(ImmutableArray<Expression> arguments) => arguments is [Expression.Select select]
        ? new Expression.Has(select.Operand, select.Field, select.At)
        : null;

    public static Expression? TryBind(ImmutableArray<Expression> arguments, int at) =>
        arguments is [Expression.Identifier { Rooted: false } name, var value, var body]
            ? new Expression.Bind(name.Name, value, body, at)
            : null;

    /// <summary>
    /// Reads a receiver call as a comprehension; null when it is none, so that it stays an ordinary call. A name that
    /// is no plain identifier makes it an ordinary call too, which the checker then refuses.
    /// </summary>
    public static Expression? TryExpand(Expression range, string function, ImmutableArray<Expression> arguments, int at)
    {
        if (Find(function, arguments.Length) is not var (kind, names, hasFilter))
        {
            return null;
        }

        var bound = ImmutableArray.CreateBuilder<string>(names);
        foreach (var argument in arguments[..names])
        {
            if (argument is not Expression.Identifier { Rooted: false } identifier)
            {
                return null;
            }

            bound.Add(identifier.Name);
        }

        var filter = hasFilter ? arguments[names] : null;
        return new Expression.Comprehension(kind, range, bound.MoveToImmutable(), filter, arguments[^1], at);
    }

    private static (ComprehensionKind Kind, int Names, bool HasFilter)? Find(string function, int arguments) =>
        (function, arguments) switch
        {
            ("all", 2) => (ComprehensionKind.All, 1, false),
            ("exists", 2) => (ComprehensionKind.Exists, 1, false),
            ("exists_one" or "existsOne", 2) => (ComprehensionKind.ExistsOne, 1, false),
            ("map", 2) => (ComprehensionKind.Map, 1, false),
            ("map", 3) => (ComprehensionKind.Map, 1, true),
            ("filter", 2) => (ComprehensionKind.Filter, 1, false),
            ("sortBy", 2) => (ComprehensionKind.SortBy, 1, false),
            ("all", 3) => (ComprehensionKind.All, 2, false),
            ("exists", 3) => (ComprehensionKind.Exists, 2, false),
            ("exists_one" or "existsOne", 3) => (ComprehensionKind.ExistsOne, 2, false),
            ("transformList", 3) => (ComprehensionKind.TransformList, 2, false),
            ("transformList", 4) => (ComprehensionKind.TransformList, 2, true),
            ("transformMap", 3) => (ComprehensionKind.TransformMap, 2, false),
            ("transformMap", 4) => (ComprehensionKind.TransformMap, 2, true),
            ("transformMapEntry", 3) => (ComprehensionKind.TransformMapEntry, 2, false),
            ("transformMapEntry", 4) => (ComprehensionKind.TransformMapEntry, 2, true),
            _ => null,
        };
}
