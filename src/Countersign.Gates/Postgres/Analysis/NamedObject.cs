using System.Collections.Immutable;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Npgsql;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>An object that a utility statement names, and what the name means.</summary>
/// <param name="Named">As the text has it.</param>
/// <param name="Schema">Where it is, or would be made.</param>
/// <param name="Oid">The object, or <c>null</c> where there is none or nobody looked.</param>
/// <param name="Dependents">What goes with it when it is dropped, as the server describes it.</param>
/// <param name="DependentRelations">The relations among those.</param>
internal sealed record NamedObject(
    CommandObject Named, string Schema, uint? Oid, ImmutableArray<string> Dependents,
    ImmutableArray<uint> DependentRelations)
{
    /// <summary>
    /// The relations and other objects below the one that is dropped: whatever depends on it, and what owns a dependent
    /// as its inner part, as a view does its rule.
    /// </summary>
    public const string Read = """
        WITH RECURSIVE named AS (
            SELECT position, catalog, CASE catalog WHEN 'pg_class' THEN pg_catalog.to_regclass(name)::oid
                                                   WHEN 'pg_proc' THEN pg_catalog.to_regproc(name)::oid
                                                   WHEN 'pg_type' THEN pg_catalog.to_regtype(name)::oid
                                                   WHEN 'pg_namespace' THEN pg_catalog.to_regnamespace(name)::oid
                                      END AS oid
              FROM unnest($1, $2) WITH ORDINALITY AS t (catalog, name, position)),
        below AS (
            SELECT position, ('pg_catalog.' || catalog)::pg_catalog.regclass::oid AS class, oid, 0 AS sub
              FROM named WHERE oid IS NOT NULL
             UNION
            SELECT b.position, x.class, x.oid, x.sub
              FROM below b
             CROSS JOIN LATERAL (
                SELECT classid AS class, objid AS oid, objsubid AS sub FROM pg_catalog.pg_depend
                 WHERE refclassid = b.class AND refobjid = b.oid AND (b.sub = 0 OR refobjsubid = b.sub)
                 UNION ALL
                SELECT refclassid, refobjid, 0 FROM pg_catalog.pg_depend
                 WHERE classid = b.class AND objid = b.oid AND deptype = 'i'
                   AND classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass) AS x)
        SELECT n.position, n.oid, coalesce(pg_catalog.current_schema(), ''),
               coalesce((SELECT array_agg(pg_catalog.pg_describe_object(b.class, b.oid, b.sub)
                                          ORDER BY b.class, b.oid, b.sub)
                           FROM below b
                          WHERE b.position = n.position AND b.oid <> n.oid
                            AND b.class IN ('pg_catalog.pg_class'::pg_catalog.regclass,
                                            'pg_catalog.pg_proc'::pg_catalog.regclass,
                                            'pg_catalog.pg_constraint'::pg_catalog.regclass,
                                            'pg_catalog.pg_trigger'::pg_catalog.regclass,
                                            'pg_catalog.pg_policy'::pg_catalog.regclass)), '{}'),
               array(SELECT DISTINCT b.oid FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.oid
                      WHERE b.position = n.position AND b.oid <> n.oid
                        AND b.class = 'pg_catalog.pg_class'::pg_catalog.regclass
                        AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY b.oid)
          FROM named n ORDER BY n.position
        """;

    public bool IsRelation => CatalogOf(Named) == "pg_class";

    /// <summary>The catalog in which objects of a kind are looked up; empty where nobody looks.</summary>
    public static string CatalogOf(CommandObject named) => named.Kind switch
    {
        "TABLE" or "VIEW" or "MATERIALIZED VIEW" or "SEQUENCE" or "INDEX" or "FOREIGN TABLE" => "pg_class",
        "FUNCTION" or "PROCEDURE" or "ROUTINE" or "AGGREGATE" => "pg_proc",
        "TYPE" or "DOMAIN" => "pg_type",
        "SCHEMA" => "pg_namespace",
        _ => "",
    };

    public static string TextOf(CommandObject named) => named.Schema is { } schema
        ? new RelationName(schema, named.Name).Text
        : Quoted(named.Name);

    /// <summary>One row for each object, in their order.</summary>
    public static async Task<List<NamedObject>> AllAsync(
        NpgsqlDataReader reader, ImmutableArray<CommandObject> objects, CancellationToken cancellationToken)
    {
        var all = new List<NamedObject>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var named = objects[all.Count];
            all.Add(new NamedObject(
                named,
                named.Schema ?? reader.GetString(2),
                reader.IsDBNull(1) ? null : reader.GetFieldValue<uint>(1),
                [.. reader.GetFieldValue<string[]>(3)],
                [.. reader.GetFieldValue<uint[]>(4)]));
        }

        return all;
    }

    // Always in quotes: a bare word such as USER would be taken for something else.
    private static string Quoted(string name) =>
        $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
