using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// Goes through an analysed statement and everything that running it would run: views, rules, policies, functions,
/// triggers, cascades. What it misses in the catalog it notes there, and goes on.
/// </summary>
internal sealed class StatementWalk
{
    /// <summary>Queries within queries, views and functions within each other.</summary>
    public const int MostDepth = 250;

    private readonly CatalogFacts _facts;
    private readonly EffectsBuilder _effects;
    private readonly CallWalk _calls;
    private readonly WriteWalk _writes;
    private readonly Decisions _decisions;
    private readonly HashSet<(uint View, Standing Standing)> _views = [];
    private readonly HashSet<uint> _guarded = [];
    private int _depth;

    public StatementWalk(CatalogFacts facts, EffectsBuilder effects)
    {
        _facts = facts;
        _effects = effects;
        _calls = new CallWalk(facts, effects, this);
        _decisions = new Decisions(facts, effects);
        _writes = new WriteWalk(facts, effects, this, _calls, _decisions);
    }

    /// <summary>One query: its command, what it reads and changes, and all that stands in it.</summary>
    public void Query(QueryTree query, Standing standing) => Query(new Scope(query, null), standing);

    private void Query(Scope scope, Standing standing)
    {
        var query = scope.Query;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (++_depth > MostDepth)
        {
            throw new TreeNotUnderstoodException(
                $"Queries, views and functions are nested in it more than {MostDepth} deep.");
        }

        if (query.Command == QueryCommand.Utility)
        {
            _effects.Impure("A rule that it fires runs a command such as NOTIFY.");
            _effects.AddUnclearDecision();
        }
        else
        {
            var usesDefaults = Inside(query.Node, scope, standing);
            _decisions.Query(scope);
            Command(query);
            foreach (var (index, entry) in query.Ranges.Index().Where(range => range.Item.Kind == RangeKind.Relation))
            {
                Relation(entry, standing);
                if (index + 1 == query.Result)
                {
                    _writes.Target(query, entry, usesDefaults, standing);
                }
            }

            Locks(query);
        }

        _depth--;
    }

    /// <summary>An expression that the catalog keeps: a default, a CHECK, a policy.</summary>
    public void Expression(string tree, Standing standing) => Expression(tree, Scope.Nowhere, standing);

    /// <summary>One about the columns of a relation.</summary>
    public void Expression(string tree, Scope scope, Standing standing)
    {
        foreach (var part in Parts(_facts.Parse(tree)))
        {
            Inside(part, scope, standing);
        }
    }

    /// <summary>What a view reads, with its owner's rights unless it says otherwise.</summary>
    public QueryTree? View(RelationFacts view) =>
        view.Rules.FirstOrDefault(rule => rule.Event == '1') is { } rule
        && QueryTree.All(_facts.Parse(rule.Actions)) is [var query]
            ? query
            : null;

    /// <summary>Functions that decide which rows of a relation anybody may see or write.</summary>
    public void Policies(RelationFacts relation)
    {
        if (relation.Policies.IsEmpty || !_guarded.Add(relation.Oid))
        {
            return;
        }

        // A policy is evaluated for whoever asks, with that role's rights on what it reads.
        foreach (var policy in relation.Policies)
        {
            var scope = Scope.Of(relation.Oid);
            Expression(policy, scope, Standing.Caller);
            _decisions.Condition(_facts.Parse(policy), scope);
        }
    }

    /// <summary>What is emptied by TRUNCATE.</summary>
    public void Truncate(RelationFacts relation, bool cascades)
    {
        _effects.AddRights(relation, RelationRights.Truncate);
        _writes.Write(
            new WriteWalk.Change(relation.Oid, WriteWalk.Verb.Truncate, [], UsesDefaults: false, IsAlone: false)
            {
                Cascades = cascades,
            },
            Standing.Caller);
    }

    private static IEnumerable<NodeValue.Node> Parts(NodeValue value) => value switch
    {
        NodeValue.Node node => [node],
        NodeValue.Items items => items.Values.SelectMany(Parts),
        _ => [],
    };

    private void Command(QueryTree query)
    {
        _effects.AddVerb(query.Command switch
        {
            QueryCommand.Insert => "INSERT",
            QueryCommand.Update => "UPDATE",
            QueryCommand.Delete => "DELETE",
            QueryCommand.Merge => "MERGE",
            _ => "SELECT",
        });
        _effects.NoWhere |= query.Command is QueryCommand.Update or QueryCommand.Delete && !DependsOnRow(query);
    }

    /// <summary>Whether the condition reads anything: <c>WHERE true</c> and <c>WHERE 1 = 1</c> are none.</summary>
    private static bool DependsOnRow(QueryTree query) => query.Condition is { } condition
        && condition.Everything().Any(node => node.Label is "VAR" or "SUBLINK" or "CURRENTOFEXPR");

    /// <summary>Every node of a query but for queries inside, which are walked as such.</summary>
    /// <returns>Whether the word DEFAULT stands in it.</returns>
    private bool Inside(NodeValue.Node start, Scope scope, Standing standing)
    {
        var query = scope.IsQuery ? scope.Query : null;
        var usesDefaults = false;
        var rest = new Stack<NodeValue>([start]);
        while (rest.TryPop(out var value))
        {
            if (value is NodeValue.Node { Label: "QUERY" } inner && inner != query?.Node)
            {
                Query(new Scope(QueryTree.Of(inner), scope), standing);
                continue;
            }

            if (value is NodeValue.Node node)
            {
                usesDefaults |= node.Label == "SETTODEFAULT";
                _calls.Node(node, query, standing);
            }

            foreach (var child in value.Children)
            {
                rest.Push(child);
            }
        }

        return usesDefaults;
    }

    private void Relation(RangeEntry entry, Standing standing)
    {
        var rights = entry.Rights;
        if (rights == RelationRights.None || _facts.Relation(entry.Relation) is not { } relation)
        {
            return;
        }

        if (standing.IsChecked)
        {
            _effects.AddRights(relation, rights);
        }

        ImmutableArray<RelationFacts> all = entry.IsInherited ? [relation, .. Descendants(relation)] : [relation];
        foreach (var one in all)
        {
            Read(one, relation, entry, standing);
        }
    }

    private void Read(RelationFacts relation, RelationFacts named, RangeEntry entry, Standing standing)
    {
        Columns(relation, named, entry.Selected.Concat(entry.Inserted).Concat(entry.Updated));
        Policies(relation);
        if (relation.Kind == 'f')
        {
            _effects.Impure($"{relation.Name} is a foreign table: another server decides what reading it does.");
        }

        if (BuiltInViews.Outside(relation) is { } outside)
        {
            _effects.Refuse(outside);
        }

        if ((entry.Rights & ~RelationRights.Insert) != 0)
        {
            PartitionKeys(relation);
        }

        if ((entry.Rights & RelationRights.Select) == 0)
        {
            return;
        }

        _effects.AddRead(relation);
        var inner = standing with { IsChecked = standing.IsChecked && relation.IsSecurityInvoker };
        if (relation is { IsView: true, IsBuiltIn: false } && _views.Add((relation.Oid, inner)))
        {
            Query(View(relation) ?? throw NoQuery(relation), inner);
        }
    }

    /// <summary>Which rows a part holds, and the order of parts, follow from the partition key.</summary>
    private void PartitionKeys(RelationFacts relation)
    {
        foreach (var parted in relation.Ancestors.Select(_facts.Relation).OfType<RelationFacts>().Append(relation))
        {
            _decisions.Columns(parted.Oid, parted.PartitionKey);
        }
    }

    private static TreeNotUnderstoodException NoQuery(RelationFacts view) =>
        new($"The view {view.Name} has no query that could be read.");

    /// <summary>Columns by their names, because a child may have them in other places.</summary>
    private void Columns(RelationFacts relation, RelationFacts named, IEnumerable<int> attributes)
    {
        foreach (var attribute in attributes.Where(attribute => attribute >= 0))
        {
            foreach (var (number, name) in named.Columns.Where(column => attribute == 0 || column.Key == attribute))
            {
                _effects.AddColumn(relation, relation == named ? number : relation.Number(name));
            }
        }
    }

    private IEnumerable<RelationFacts> Descendants(RelationFacts relation) =>
        relation.Descendants.Select(_facts.Relation).OfType<RelationFacts>();

    private void Locks(QueryTree query)
    {
        foreach (var mark in query.RowMarks)
        {
            if (mark.Number("rti") is var index && index >= 1 && index <= query.Ranges.Length)
            {
                LockRows(query.Ranges[(int)index - 1], []);
            }
        }
    }

    /// <summary>FOR UPDATE of a view locks the rows of what it reads.</summary>
    private void LockRows(RangeEntry entry, HashSet<uint> seen)
    {
        if (entry.Kind == RangeKind.Subquery)
        {
            LockAll(QueryTree.Of(entry.Node.Field("subquery")), seen);
            return;
        }

        if (entry.Kind != RangeKind.Relation || !seen.Add(entry.Relation)
            || _facts.Relation(entry.Relation) is not { } relation)
        {
            return;
        }

        _effects.AddLock("ROW SHARE", relation);
        if (relation is { IsView: true, IsBuiltIn: false } && View(relation) is { } query)
        {
            LockAll(query, seen);
        }
    }

    private void LockAll(QueryTree query, HashSet<uint> seen)
    {
        foreach (var entry in query.Ranges)
        {
            LockRows(entry, seen);
        }
    }
}

/// <summary>Whose rights a part of a statement is run with.</summary>
/// <param name="IsChecked">
/// Whether the server checks the caller's privileges on relations; inside a view it checks the view's owner's.
/// </param>
/// <param name="IsCaller">Whether functions there run as the caller, as everywhere but in SECURITY DEFINER.</param>
internal readonly record struct Standing(bool IsChecked, bool IsCaller)
{
    /// <summary>Sequences that belong to the columns whose defaults are being evaluated.</summary>
    public ImmutableArray<uint> OwnSequences { get; init; } = [];

    /// <summary>Of a default: the right to insert comes with the one to draw from its sequences.</summary>
    public bool IsInserting { get; init; }

    public static Standing Caller { get; } = new(IsChecked: true, IsCaller: true);

    /// <summary>Relations are checked against the owner of a view or rule, functions run as the caller.</summary>
    public static Standing Owner { get; } = new(IsChecked: false, IsCaller: true);

    public static Standing Definer { get; } = new(IsChecked: false, IsCaller: false);
}
