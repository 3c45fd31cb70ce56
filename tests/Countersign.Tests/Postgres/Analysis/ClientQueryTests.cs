namespace Countersign.Tests.Postgres.Analysis;

/// <summary>What tools ask the catalog for on their own has to be known as reading.</summary>
public sealed class ClientQueryTests(SharedShop shared) : IClassFixture<SharedShop>
{
    [Theory]
    [InlineData("SELECT current_database(), current_user, session_user, version(), current_schemas(true)")]
    [InlineData("SELECT pg_catalog.set_config('search_path', '', false)")]
    [InlineData("SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'xmloption'")]
    [InlineData("SELECT pg_is_in_recovery(), pg_backend_pid(), inet_server_addr(), pg_postmaster_start_time()")]
    [InlineData("SELECT 'orders'::regclass, to_regclass('x'), 'orders'::regclass::oid, 23::regtype")]
    [InlineData("SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON "
        + "n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(orders)$' COLLATE pg_catalog.default AND "
        + "pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3")]
    [InlineData("SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr("
        + "d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum "
        + "AND a.atthasdef), a.attnotnull, a.attidentity, pg_catalog.col_description(a.attrelid, a.attnum) "
        + "FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16384' AND a.attnum > 0 AND NOT a.attisdropped")]
    [InlineData("SELECT c2.relname, i.indisprimary, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), "
        + "pg_catalog.pg_get_constraintdef(con.oid, true) FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, "
        + "pg_catalog.pg_index i LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = "
        + "i.indexrelid) WHERE c.oid = i.indrelid AND i.indexrelid = c2.oid")]
    [InlineData("SELECT pg_catalog.obj_description('orders'::regclass, 'pg_class')")]
    [InlineData("SELECT has_table_privilege('orders', 'SELECT')")]
    [InlineData("SELECT pg_size_pretty(pg_total_relation_size('orders')), pg_database_size(current_database())")]
    [InlineData("SELECT * FROM information_schema.columns WHERE table_schema = 'public'")]
    [InlineData("SELECT * FROM information_schema.table_constraints")]
    [InlineData("SELECT * FROM pg_stat_activity, pg_locks, pg_stat_user_tables LIMIT 1")]
    [InlineData("SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM (SELECT typ.oid, "
        + "typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind, elemtyp.oid AS "
        + "elemtypoid FROM (SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid, "
        + "CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype FROM pg_type AS typ LEFT JOIN "
        + "pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive) AS typ "
        + "LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = typ.elemoid) AS t JOIN pg_namespace AS ns ON (ns.oid = "
        + "typnamespace)")]
    [InlineData("SELECT random(), clock_timestamp(), gen_random_uuid(), now(), statement_timestamp()")]
    [InlineData("SELECT pg_get_viewdef('names'), pg_get_functiondef('pg_catalog.lower(text)'::regprocedure)")]
    [InlineData("SELECT last_value, is_called FROM invoices_id_seq")]
    [InlineData("SELECT to_tsvector('english', note) @@ to_tsquery('x'), ts_rank(to_tsvector(note), 'x') FROM orders")]
    [InlineData("SELECT jsonb_path_query('{}', '$.a'), '{}'::jsonb || '{}', jsonb_build_object('a', 1) -> 'a'")]
    public async Task Questions_of_tools_are_reads(string text)
    {
        var effects = await shared.Shop.EffectsAsync(text);

        Assert.True(effects.IsReadOnly, effects.Impure ?? effects.Refused);
    }
}
