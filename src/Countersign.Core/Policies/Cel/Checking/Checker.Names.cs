using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Checking;

/// <summary>Names: local variables, facts with dotted names, and type names (langdef, "Name Resolution").</summary>
internal sealed partial class Checker
{
    private readonly record struct Segment(string Name, int At);

    private Node CheckName(Expression expression)
    {
        if (Chain(expression) is { } chain)
        {
            return TryResolve(chain, IsRooted(expression)) ?? ReportUnknown(chain);
        }

        var select = (Expression.Select)expression;
        return Select(Check(select.Operand), new Segment(select.Field, select.At));
    }

    private Node CheckHas(Expression.Has has)
    {
        if (Chain(has.Operand) is { } chain)
        {
            List<Segment> whole = [.. chain, new Segment(has.Field, has.At)];
            var isRooted = IsRooted(has.Operand);
            if ((isRooted || FindLocal(chain[0].Name) is null) && _schema.TryGetFact(Join(whole), out var fact))
            {
                _reads.Add(fact.Name);
                return new Node.HasFact(fact);
            }

            return TryResolve(chain, isRooted) is { } operand ? Presence(operand, whole[^1]) : ReportUnknown(whole);
        }

        return Presence(Check(has.Operand), new Segment(has.Field, has.At));
    }

    private Node.Has Presence(Node operand, Segment field)
    {
        _ = Select(operand, field);
        return new Node.Has(operand, CelValue.FromString(field.Name));
    }

    /// <summary>A local hides everything; otherwise the longest dotted name that is a fact or a type wins.</summary>
    private Node? TryResolve(List<Segment> chain, bool isRooted)
    {
        if (!isRooted && FindLocal(chain[0].Name) is { } local)
        {
            return SelectAll(local, chain, from: 1);
        }

        for (var length = chain.Count; length > 0; length--)
        {
            var name = Join(chain[..length]);
            if (_schema.TryGetFact(name, out var fact))
            {
                _reads.Add(name);
                return SelectAll(new Node.FactRead(fact), chain, length);
            }

            if (Kinds.Named.TryGetValue(name, out var type))
            {
                return SelectAll(new Node.Constant(CelValue.FromType(type), CelType.Type), chain, length);
            }
        }

        return null;
    }

    private Node.Local? FindLocal(string name)
    {
        var slot = _scope.FindLastIndex(variable => variable.Name == name);
        return slot < 0 ? null : new Node.Local(slot, _scope[slot].Type);
    }

    private Node SelectAll(Node node, List<Segment> chain, int from)
    {
        for (var i = from; i < chain.Count; i++)
        {
            node = Select(node, chain[i]);
        }

        return node;
    }

    private Node.Select Select(Node operand, Segment field)
    {
        var type = operand.Type is CelType.Map map ? map.Value : CelType.Dyn;
        if (!operand.Type.IsDyn && operand.Type is not CelType.Map)
        {
            Report(field.At, $"{operand.Type} has no members, so no '{field.Name}'");
        }

        return new Node.Select(operand, CelValue.FromString(field.Name), type);
    }

    private Node.Faulty ReportUnknown(List<Segment> chain)
    {
        var group = chain.Count - 1;
        while (group > 0 && !_schema.IsGroup(Join(chain[..group])))
        {
            group--;
        }

        var unknown = chain[group];
        if (_schema.IsGroup(Join(chain)))
        {
            Report(chain[^1].At, $"'{Join(chain)}' is a group of facts and no value; name one of its members");
        }
        else if (group > 0)
        {
            var prefix = Join(chain[..group]);
            Report(unknown.At, $"'{prefix}' has no member '{unknown.Name}'", Suggest(unknown.Name, prefix + "."));
        }
        else
        {
            Report(unknown.At, $"unknown name '{unknown.Name}'", Suggest(unknown.Name, prefix: ""));
        }

        return new Node.Faulty($"unknown name '{Join(chain)}'");
    }

    private string? Suggest(string name, string prefix)
    {
        var known = _schema.Names
            .Where(candidate => candidate.StartsWith(prefix, StringComparison.Ordinal))
            .Select(candidate => candidate[prefix.Length..].Split('.')[0]);
        return Nearest.To(name, prefix.Length == 0 ? known.Concat(_scope.Select(local => local.Name)) : known);
    }

    /// <summary>The parts of a dotted name, or null when the expression is not one.</summary>
    private static List<Segment>? Chain(Expression expression)
    {
        var segments = new List<Segment>();
        while (expression is Expression.Select select)
        {
            segments.Add(new Segment(select.Field, select.At));
            expression = select.Operand;
        }

        if (expression is not Expression.Identifier identifier)
        {
            return null;
        }

        segments.Add(new Segment(identifier.Name, identifier.At));
        segments.Reverse();
        return segments;
    }

    private static bool IsRooted(Expression expression)
    {
        while (expression is Expression.Select select)
        {
            expression = select.Operand;
        }

        return expression is Expression.Identifier { Rooted: true };
    }

    private static string Join(IEnumerable<Segment> segments) =>
        string.Join('.', segments.Select(static segment => segment.Name));
}
