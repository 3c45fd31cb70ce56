using Countersign.Gates.Postgres.Analysis.Trees;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>A query and the queries around it, in which its columns are looked up.</summary>
internal sealed class Scope
{
    private readonly QueryTree? _query;
    private readonly Scope? _outer;

    public Scope(QueryTree query, Scope? outer) => (_query, _outer) = (query, outer);

    private Scope(uint relation) => Relation = relation;

    /// <summary>Where no column can be looked up.</summary>
    public static Scope Nowhere { get; } = new(0);

    /// <summary>The relation that an expression of the catalog is about, as of a CHECK; 0 for a query.</summary>
    public uint Relation { get; }

    public bool IsNowhere => _query is null && Relation == 0;

    public bool IsQuery => _query is not null;

    public QueryTree Query => _query ?? throw new TreeNotUnderstoodException("There is no query around this.");

    public static Scope Of(uint relation) => new(relation);

    public Scope Out(long levels)
    {
        var scope = this;
        for (; levels > 0; levels--)
        {
            scope = scope._outer ?? Nowhere;
        }

        return scope;
    }
}
