using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>What is called: functions, operators, and what types call to read, write or check values.</summary>
internal sealed class CallWalk(CatalogFacts facts, EffectsBuilder effects, StatementWalk walk)
{
    private readonly HashSet<(uint Function, Standing Standing)> _functions = [];
    private readonly HashSet<uint> _types = [];
    private readonly HashSet<uint> _operators = [];

    /// <summary>Everything that one node calls.</summary>
    /// <param name="node">The node, without what is below it.</param>
    /// <param name="query">The query that it stands in, if any.</param>
    /// <param name="standing">Whose rights it runs with.</param>
    public void Node(NodeValue.Node node, QueryTree? query, Standing standing)
    {
        if (!NodeLabels.IsKnown(node.Label))
        {
            throw new TreeNotUnderstoodException($"{node.Label} is a construct that this version does not know.");
        }

        effects.IsValueSensitive |= node.Label == "CONST" && Constants.NamesObject(node.Oid("consttype"));
        foreach (var (name, value) in node.Fields)
        {
            if (NodeLabels.IsFunction(name))
            {
                Each(node, name, value, oid => Call(oid, node, query, standing));
            }
            else if (NodeLabels.IsOperator(name))
            {
                Each(node, name, value, oid => Operator(oid, standing));
            }
            else if (NodeLabels.IsType(name))
            {
                Each(node, name, value, oid => Type(oid, standing));
            }
        }
    }

    /// <summary>A function that is called by something else than a node: a trigger, a type, an operator.</summary>
    public void Function(uint oid, Standing standing)
    {
        if (CatalogFacts.IsBuiltIn(oid))
        {
            BuiltIn(oid, null, null, standing);
        }
        else if (_functions.Add((oid, standing)) && facts.Function(oid) is { } function)
        {
            Made(function, standing);
        }
    }

    private static void Each(NodeValue.Node node, string field, NodeValue value, Action<uint> action)
    {
        if (value is NodeValue.Numbers)
        {
            foreach (var oid in node.Set(field))
            {
                action((uint)oid);
            }
        }
        else if (value is NodeValue.Word && node.Number(field) is > 0 and <= uint.MaxValue and var oid)
        {
            action((uint)oid);
        }
    }

    private void Call(uint oid, NodeValue.Node node, QueryTree? query, Standing standing)
    {
        if (!CatalogFacts.IsBuiltIn(oid))
        {
            Function(oid, standing);
            return;
        }

        BuiltIn(oid, node, query, standing);

        // Casts (formats 1 and 2) and operators are not calls that anybody wrote.
        var isNamed = node.Label is "AGGREF" or "WINDOWFUNC"
            || (node.Label == "FUNCEXPR" && node.Number("funcformat") is not (1 or 2));
        if (isNamed && facts.BuiltIns.Functions.TryGetValue(oid, out var function))
        {
            effects.AddFunction(RelationName.Quoted(function.Name));
        }
    }

    private void BuiltIn(uint oid, NodeValue.Node? node, QueryTree? query, Standing standing)
    {
        if (!facts.BuiltIns.Functions.TryGetValue(oid, out var function))
        {
            throw new TreeNotUnderstoodException($"The server has no function {oid} of its own.");
        }

        var name = function.Name;
        effects.IsValueSensitive |= name == "current_setting";
        switch (FunctionRules.Of(function))
        {
            case FunctionRule.Computes:
                return;
            case FunctionRule.Changes:
                effects.Impure($"It calls {name}, which does more than compute a result.");
                return;
            case FunctionRule.MovesSequence:
                Sequence(name, node, standing);
                return;
            case FunctionRule.SetsSetting:
                SettingRules.Apply(node, query, facts, effects);
                return;
            case FunctionRule.LeavesDatabase:
                effects.Refuse($"{name} reaches files or large objects of the server, which no policy can name.");
                return;
            case FunctionRule.RunsText:
                effects.Refuse($"{name} runs a query that is hidden in a value. Write that query itself instead.");
                return;
            default:
                effects.Refuse($"{name} administers the server; that is not done through this gate.");
                return;
        }
    }

    /// <summary>A sequence that belongs to a column moves with every insert; any other is changed on purpose.</summary>
    private void Sequence(string name, NodeValue.Node? node, Standing standing)
    {
        effects.IsValueSensitive = true;
        var sequence = node is null ? null : Constants.Relation(node.List("args").FirstOrDefault());
        if (sequence is not { } oid)
        {
            effects.Impure($"It calls {name} of a sequence whose name is computed.");
            return;
        }

        if (facts.Relation(oid) is not { } relation)
        {
            return;
        }

        if (standing.IsCaller && !standing.IsInserting)
        {
            effects.AddRights(relation, name == "setval" ? RelationRights.Update : RelationRights.Usage);
        }

        if (!standing.OwnSequences.Contains(oid))
        {
            effects.AddWrite(relation);
            effects.Impure($"It calls {name}, which changes the sequence {relation.Name}.");
        }
    }

    /// <summary>A function that somebody made: its label is not believed, its body is looked into.</summary>
    private void Made(FunctionFacts function, Standing standing)
    {
        effects.AddFunction(function.Name);
        foreach (var support in function.Supports)
        {
            Function(support, standing);
        }

        if (function.IsAggregate || FunctionRules.IsKnownToCompute(function))
        {
            return;
        }

        if (function.Language != "sql")
        {
            effects.UnseenCode($"It calls {function.Name}, whose code ({function.Language}) is not analysed.");
            return;
        }

        if ((function.Tree ?? facts.Body(function.Oid)) is not { } body)
        {
            return;
        }

        if (body.Length == 0)
        {
            effects.UnseenCode($"It calls {function.Name}, whose SQL could not be analysed.");
            return;
        }

        var inside = function.IsSecurityDefiner ? Standing.Definer
            : Standing.Caller with { IsChecked = standing.IsCaller, IsCaller = standing.IsCaller };
        foreach (var query in QueryTree.All(facts.Parse(body)))
        {
            walk.Query(query, inside);
        }
    }

    private void Operator(uint oid, Standing standing)
    {
        if (CatalogFacts.IsBuiltIn(oid) || !_operators.Add(oid) || facts.Operator(oid) is not { } found)
        {
            return;
        }

        foreach (var function in found.Functions)
        {
            Function(function, standing);
        }
    }

    private void Type(uint oid, Standing standing)
    {
        if (CatalogFacts.IsBuiltIn(oid) || !_types.Add(oid) || facts.Type(oid) is not { } type)
        {
            return;
        }

        foreach (var part in type.Parts)
        {
            Type(part, standing);
        }

        foreach (var function in type.Functions)
        {
            Function(function, standing);
        }

        foreach (var check in type.Checks)
        {
            walk.Expression(check, standing);
        }
    }
}
