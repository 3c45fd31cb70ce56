namespace Countersign.Gates.Postgres.Analysis.Catalog;

/// <summary>
/// What is asked of the catalog: each with one parameter, an array of OIDs. The texts never change, so that the
/// connection prepares them once. It looks in <c>pg_catalog</c> only, whatever anybody put elsewhere.
/// </summary>
internal static class CatalogQueries
{
    public const string BuiltInFunctions = """
        SELECT oid, proname::text, provolatile, format('%s(%s)', proname, pg_catalog.oidvectortypes(proargtypes))
          FROM pg_catalog.pg_proc WHERE oid < 16384
        """;

    public const string BuiltInTypes = """
        SELECT t.oid, format('%I.%I', n.nspname, t.typname)
          FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
         WHERE t.oid < 16384
        """;

    /// <summary>
    /// Written and sent by the server's own functions for texts; a function of anybody's may do anything.
    /// </summary>
    public const string TextTypes = """
        SELECT t.oid
          FROM pg_catalog.pg_type t
          JOIN pg_catalog.pg_proc o ON o.oid = t.typoutput
          JOIN pg_catalog.pg_proc s ON s.oid = t.typsend
          JOIN pg_catalog.pg_language l ON l.oid = o.prolang AND l.oid = s.prolang
         WHERE t.oid >= 16384 AND t.typtype = 'b' AND t.typlen = -1 AND l.lanname = 'internal'
           AND o.prosrc = 'textout' AND s.prosrc = 'textsend'
        """;

    public const string TypeNames = """
        SELECT t.oid, format('%I.%I', n.nspname, t.typname)
          FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
         WHERE t.oid = ANY ($1)
        """;

    public const string Relations = """
        SELECT c.oid, n.nspname::text, c.relname::text, c.relkind, coalesce(c.reloptions, '{}'),
               coalesce(a.numbers, '{}'), coalesce(a.names, '{}'),
               concat_ws(' ', c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relpersistence, c.reloptions,
                         a.definitions),
               coalesce(a.types, '{}')
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN LATERAL (
               SELECT array_agg(attnum ORDER BY attnum) AS numbers, array_agg(attname::text ORDER BY attnum) AS names,
                      array_agg(atttypid ORDER BY attnum) AS types,
                      array_agg(concat_ws(' ', attnum, attname, atttypid, atttypmod, attnotnull, attidentity,
                                          attgenerated, attcollation) ORDER BY attnum) AS definitions
                 FROM pg_catalog.pg_attribute
                WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
         WHERE c.oid = ANY ($1)
        """;

    /// <summary>The rules of the server's own views are left out: what those do is known.</summary>
    public const string Rules = """
        SELECT ev_class, rulename::text, ev_type, is_instead, ev_qual::text, ev_action::text
          FROM pg_catalog.pg_rewrite
         WHERE ev_class = ANY ($1) AND ev_class >= 16384 AND ev_enabled <> 'D'
         ORDER BY ev_class, rulename
        """;

    public const string Policies = """
        SELECT p.polrelid, coalesce(p.polqual::text, '<>'), coalesce(p.polwithcheck::text, '<>'),
               concat_ws(' ', p.polname, p.polcmd, p.polpermissive, p.polroles)
          FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
         WHERE p.polrelid = ANY ($1) AND c.relrowsecurity
         ORDER BY p.polrelid, p.polname
        """;

    public const string Descendants = """
        WITH RECURSIVE below AS (
            SELECT inhparent AS top, inhrelid AS child FROM pg_catalog.pg_inherits WHERE inhparent = ANY ($1)
             UNION
            SELECT b.top, i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.child)
        SELECT top, child FROM below ORDER BY top, child
        """;

    public const string Ancestors = """
        WITH RECURSIVE above AS (
            SELECT inhrelid AS bottom, inhparent AS parent FROM pg_catalog.pg_inherits WHERE inhrelid = ANY ($1)
             UNION
            SELECT a.bottom, i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.parent)
        SELECT bottom, parent FROM above ORDER BY bottom, parent
        """;

    /// <summary>By which columns a table has parts; 0 where an expression is among them.</summary>
    public const string PartitionKeys = """
        SELECT partrelid, partattrs::int2[] FROM pg_catalog.pg_partitioned_table WHERE partrelid = ANY ($1)
        """;

    public const string Generated = """
        SELECT d.adrelid, d.adnum, d.adbin::text
          FROM pg_catalog.pg_attrdef d
          JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
         WHERE d.adrelid = ANY ($1) AND a.attgenerated <> ''
         ORDER BY d.adrelid, d.adnum
        """;

    /// <summary>
    /// Columns whose values must not repeat together; 0 where an expression or a condition is among them.
    /// </summary>
    public const string UniqueKeys = """
        SELECT indrelid,
               array(SELECT k::int2 FROM unnest(indkey::int2[]) k)
               || CASE WHEN indpred IS NULL THEN '{}'::int2[] ELSE '{0}' END
          FROM pg_catalog.pg_index
         WHERE indrelid = ANY ($1) AND (indisunique OR indisexclusion)
         ORDER BY indrelid, indexrelid
        """;

    public const string Triggers = """
        SELECT tgrelid, tgname::text, tgfoid, tgtype, tgattr::int2[],
               concat_ws(' ', tgenabled, pg_catalog.pg_get_triggerdef(oid))
          FROM pg_catalog.pg_trigger
         WHERE tgrelid = ANY ($1) AND NOT tgisinternal AND tgenabled <> 'D'
         ORDER BY tgrelid, tgname
        """;

    public const string Defaults = """
        SELECT d.adrelid, d.adnum, d.adbin::text, a.attgenerated <> ''
          FROM pg_catalog.pg_attrdef d
          JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
         WHERE d.adrelid = ANY ($1)
         ORDER BY d.adrelid, d.adnum
        """;

    public const string Expressions = """
        SELECT conrelid, conname::text AS name, conbin::text FROM pg_catalog.pg_constraint
         WHERE conrelid = ANY ($1) AND contype = 'c'
         UNION ALL
        SELECT indrelid, indexrelid::text, x.expression
          FROM pg_catalog.pg_index
         CROSS JOIN LATERAL (VALUES (indexprs::text), (indpred::text)) AS x (expression)
         WHERE indrelid = ANY ($1) AND x.expression IS NOT NULL
         UNION ALL
        SELECT partrelid, 'partition key', partexprs::text FROM pg_catalog.pg_partitioned_table
         WHERE partrelid = ANY ($1) AND partexprs IS NOT NULL
         ORDER BY 1, 2, 3
        """;

    /// <summary>
    /// Foreign keys that a relation has, and those of others that point at it. The latter are found by the server's own
    /// triggers, because the catalog has no index from that end.
    /// </summary>
    public const string ForeignKeys = """
        SELECT conrelid, confrelid, conkey, confkey, confdeltype, confupdtype, conname::text
          FROM pg_catalog.pg_constraint
         WHERE conrelid = ANY ($1) AND contype = 'f'
         UNION
        SELECT c.conrelid, c.confrelid, c.conkey, c.confkey, c.confdeltype, c.confupdtype, c.conname::text
          FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_constraint c ON c.oid = t.tgconstraint
         WHERE t.tgrelid = ANY ($1) AND t.tgisinternal AND c.contype = 'f' AND c.confrelid = t.tgrelid
         ORDER BY 1, 2, 7
        """;

    public const string OwnSequences = """
        SELECT d.refobjid, d.objid
          FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid
         WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ANY ($1)
           AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND s.relkind = 'S'
         ORDER BY 1, 2
        """;

    public const string Functions = """
        SELECT p.oid, n.nspname::text, p.proname::text, l.lanname::text, p.provolatile, p.prosecdef,
               p.prosqlbody::text, p.prosrc,
               CASE WHEN l.lanname = 'sql' THEN pg_catalog.pg_get_function_identity_arguments(p.oid) ELSE '' END,
               coalesce(p.proconfig, '{}'),
               (SELECT e.extname::text FROM pg_catalog.pg_depend d
                  JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                 WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
                   AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass),
               ARRAY[p.prosupport::oid, a.aggtransfn::oid, a.aggfinalfn::oid, a.aggcombinefn::oid, a.aggserialfn::oid,
                     a.aggdeserialfn::oid, a.aggmtransfn::oid, a.aggminvtransfn::oid, a.aggmfinalfn::oid],
               p.prokind = 'a',
               concat_ws(' ', p.proowner, l.lanname, p.provolatile, p.prosecdef, p.proisstrict, p.proargtypes,
                         p.prorettype, p.proconfig, p.prosrc, p.probin, p.prosqlbody)
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
          JOIN pg_catalog.pg_language l ON l.oid = p.prolang
          LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
         WHERE p.oid = ANY ($1)
        """;

    public const string Types = """
        SELECT t.oid, format('%I.%I', n.nspname, t.typname),
               ARRAY[t.typbasetype, t.typelem, r.rngsubtype, r.rngtypid]
               || array(SELECT a.atttypid FROM pg_catalog.pg_attribute a
                         WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped),
               ARRAY[t.typinput::oid, t.typoutput::oid, t.typreceive::oid, t.typsend::oid, t.typmodin::oid,
                     t.typsubscript::oid, r.rngcanonical::oid, r.rngsubdiff::oid],
               array(SELECT c.conbin::text FROM pg_catalog.pg_constraint c
                      WHERE c.contypid = t.oid AND c.conbin IS NOT NULL ORDER BY c.conname),
               concat_ws(' ', t.typowner, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault)
          FROM pg_catalog.pg_type t
          JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
          LEFT JOIN pg_catalog.pg_range r ON t.oid IN (r.rngtypid, r.rngmultitypid)
         WHERE t.oid = ANY ($1)
        """;

    public const string Operators = """
        SELECT o.oid,
               ARRAY[o.oprcode::oid, o.oprrest::oid, o.oprjoin::oid]
               || array(SELECT p.amproc::oid
                          FROM pg_catalog.pg_amop m
                          JOIN pg_catalog.pg_amproc p ON p.amprocfamily = m.amopfamily
                         WHERE m.amopopr = o.oid ORDER BY 1),
               concat_ws(' ', o.oprname, o.oprleft, o.oprright, o.oprcode::oid)
          FROM pg_catalog.pg_operator o
         WHERE o.oid = ANY ($1)
        """;
}
