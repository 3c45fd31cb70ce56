using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>Statements that look like harmless reads and are not.</summary>
public sealed class BypassTests(BypassTests.SharedTraps shared, PostgresServer server)
    : IClassFixture<BypassTests.SharedTraps>
{
    [Theory]
    [InlineData("SELECT evil.wipe()")]
    [InlineData("SELECT 1 LIMIT evil.wipe()")]
    [InlineData("SELECT 1 OFFSET evil.wipe()")]
    [InlineData("SELECT 1 ORDER BY evil.wipe()")]
    [InlineData("VALUES (evil.wipe())")]
    [InlineData("SELECT CASE WHEN evil.wipe() = 1 THEN 1 END")]
    [InlineData("SELECT (SELECT evil.wipe())")]
    [InlineData("SELECT * FROM evil.wipe()")]
    [InlineData("SELECT * FROM orders TABLESAMPLE SYSTEM (evil.wipe())")]
    [InlineData("SELECT count(*) FILTER (WHERE evil.wipe() = 1) FROM orders")]
    [InlineData("SELECT sum(id) OVER (ORDER BY id ROWS evil.wipe() PRECEDING) FROM orders")]
    [InlineData("SELECT ARRAY[evil.wipe()], ROW(evil.wipe()), (ARRAY[1])[evil.wipe()]")]
    [InlineData("SELECT XMLELEMENT(NAME a, evil.wipe())")]
    [InlineData("SELECT 1 FROM orders GROUP BY id, evil.wipe()")]
    [InlineData("SELECT 1 HAVING evil.wipe() = 1")]
    [InlineData("SELECT evil.quiet()")]
    [InlineData("SELECT 1 OPERATOR(evil.+) 1")]
    [InlineData("SELECT 1 OPERATOR(public.+) 1")]
    [InlineData("SELECT evil.lower('A')")]
    [InlineData("SELECT 'x'::evil.dom")]
    [InlineData("SELECT CAST(note AS evil.dom) FROM orders")]
    [InlineData("SELECT (ARRAY['x']::evil.dom[])[1]")]
    [InlineData("SELECT '(1,x)'::text::evil.pair")]
    [InlineData("SELECT orders::int FROM orders")]
    [InlineData("SELECT jsonb_populate_record(NULL::evil.pair, '{}')")]
    public async Task Code_that_nobody_analysed_is_never_taken_for_a_read(string text)
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(text);

        Assert.Contains("whose code (plpgsql) is not analysed", effects.Impure, StringComparison.Ordinal);
        Assert.False(effects.IsReadOnly);
        Assert.Contains(effects.Functions, name => name.StartsWith("evil.", StringComparison.Ordinal));
        Assert.Equal(3L, await shop.ScalarAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_label_is_not_believed()
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync("SELECT evil.delete()");

        Assert.Equal(["DELETE", "SELECT"], effects.Verbs);
        Assert.Equal(["public.orders"], effects.Writes);
        Assert.Contains(effects.Rights, use => use.Rights.HasFlag(RelationRights.Delete));
    }

    [Theory]
    [InlineData("SELECT 1 + 1")]
    [InlineData("SELECT lower('A')")]
    public async Task Shadowing_is_seen_where_the_search_path_allows_it(string text)
    {
        var shop = shared.Shop;
        var shadowed = Meaning.Usual with { SearchPath = "evil, pg_catalog, public" };

        var understood = Assert.IsType<Analysed.Understood>(await shop.AnalyseAsync(text, shadowed));

        Assert.NotNull(understood.Effects.Impure);
        Assert.True((await shop.EffectsAsync(text)).IsReadOnly);
    }

    [Fact]
    public async Task A_policy_of_row_level_security_fires_on_a_plain_read()
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync("""
            ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
            CREATE POLICY p ON orders USING (evil.wipe() = 1 AND EXISTS (SELECT 1 FROM customers));
            """);

        var effects = await shop.EffectsAsync("SELECT id FROM orders");

        Assert.Contains("evil.wipe", effects.Impure, StringComparison.Ordinal);
        Assert.Contains("public.customers", effects.Reads);
        Assert.Contains(effects.Rights, use => use.Name.Text == "public.customers");
    }

    [Fact]
    public async Task Defaults_triggers_and_rules_belong_to_a_write()
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync("""
            CREATE TABLE log (at text);
            CREATE TABLE a (id int DEFAULT evil.wipe(), x int);
            CREATE TABLE b (id int);
            CREATE FUNCTION evil.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders; RETURN NEW; END';
            CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION evil.fire();
            CREATE TABLE c (id int);
            CREATE RULE r AS ON INSERT TO c DO ALSO DELETE FROM log;
            """);

        var byDefault = await shop.EffectsAsync("INSERT INTO a (x) VALUES (1)");
        Assert.Contains("evil.wipe", byDefault.Impure, StringComparison.Ordinal);
        Assert.Contains("evil.wipe", (await shop.EffectsAsync("UPDATE a SET id = DEFAULT")).Functions);
        Assert.Null((await shop.EffectsAsync("INSERT INTO a (id, x) VALUES (1, 2)")).Impure);

        var byTrigger = await shop.EffectsAsync("INSERT INTO b VALUES (1)");
        Assert.Equal("public.b has the trigger t, whose code is not analysed.", byTrigger.Impure);
        Assert.Contains("evil.fire", byTrigger.Functions);
        Assert.Null((await shop.EffectsAsync("DELETE FROM b WHERE id = 1")).Impure);

        var byRule = await shop.EffectsAsync("INSERT INTO c VALUES (1)");
        Assert.Equal(["DELETE", "INSERT"], byRule.Verbs);
        Assert.Equal(["public.c", "public.log"], byRule.Writes);
        Assert.DoesNotContain(byRule.Rights, use => use.Name.Text == "public.log");
    }

    [Theory]
    [InlineData("SELECT pg_read_file('/etc/passwd')")]
    [InlineData("SELECT * FROM pg_ls_dir('.')")]
    [InlineData("SELECT query_to_xml('select evil.wipe()', true, true, '')")]
    [InlineData("SELECT table_to_xml('customers', true, true, '')")]
    [InlineData("SELECT * FROM ts_stat('select ''a''::tsvector')")]
    [InlineData("SELECT lo_create(0)")]
    [InlineData("SELECT lo_import('/etc/passwd')")]
    [InlineData("SELECT lo_get(1)")]
    [InlineData("SELECT pg_create_logical_replication_slot('a', 'b')")]
    [InlineData("SELECT pg_reload_conf()")]
    [InlineData("SELECT pg_switch_wal()")]
    [InlineData("SELECT pg_stat_reset()")]
    [InlineData("SELECT pg_terminate_backend(1)")]
    [InlineData("SELECT pg_cancel_backend(1)")]
    [InlineData("SELECT set_config('role', 'postgres', false)")]
    [InlineData("SELECT set_config('search_path', 'evil', false)")]
    [InlineData("SELECT set_config('default_transaction_read_only', 'off', false)")]
    [InlineData("SELECT set_config('transaction_read_only', 'off', false)")]
    [InlineData("SELECT set_config('session_replication_role', 'replica', false)")]
    [InlineData("SELECT set_config('application_name', ssn, false) FROM customers")]
    [InlineData("SELECT set_config(note, 'x', false) FROM orders")]
    [InlineData("SELECT set_config(name, 'x', false) FROM pg_settings WHERE name <> 'search_path'")]
    [InlineData("SELECT set_config(name, 'evil', false) FROM pg_settings WHERE name = 'search_path'")]
    [InlineData("UPDATE pg_settings SET setting = 'x' WHERE name = 'role'")]
    [InlineData("UPDATE pg_proc SET prosrc = 'x'")]
    [InlineData("SELECT * FROM pg_largeobject")]
    [InlineData("SELECT * FROM pg_hba_file_rules")]
    public async Task What_no_policy_could_name_is_refused(string text)
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(text);

        Assert.NotNull(effects.Refused);
        Assert.False(effects.IsReadOnly);
    }

    [Theory]
    [InlineData("SELECT pg_sleep(1)")]
    [InlineData("SELECT pg_advisory_lock(1)")]
    [InlineData("SELECT pg_notify('c', ssn) FROM customers")]
    [InlineData("SELECT nextval('s')")]
    [InlineData("SELECT setval('s', 7)")]
    [InlineData("SELECT nextval(note::regclass) FROM orders")]
    public async Task What_does_more_than_compute_is_not_a_read(string text)
    {
        Assert.NotNull((await shared.Shop.EffectsAsync(text)).Impure);
    }

    [Theory]
    [InlineData("SELECT id FROM orders FOR UPDATE", "ROW SHARE public.orders")]
    [InlineData("SELECT id FROM orders FOR KEY SHARE", "ROW SHARE public.orders")]
    [InlineData("SELECT id FROM names FOR UPDATE", "ROW SHARE public.customers,ROW SHARE public.names")]
    [InlineData("SELECT id FROM (SELECT id FROM orders) o FOR UPDATE", "ROW SHARE public.orders")]
    public async Task Locking_is_told(string text, string locks)
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(text);

        Assert.Equal(locks.Split(','), effects.Locks);
        Assert.False(effects.IsReadOnly);
    }

    [Theory]
    [InlineData("TABLE customers")]
    [InlineData("((((TABLE customers))))")]
    [InlineData("SELECT * FROM ONLY (customers)")]
    [InlineData("SELECT customers FROM customers")]
    [InlineData("SELECT (customers).ssn FROM customers")]
    [InlineData("SELECT ssn(customers) FROM customers")]
    [InlineData("SELECT c.* FROM public.customers c")]
    [InlineData("SELECT U&\"\\0073sn\" FROM CUSTOMERS")]
    public async Task However_a_column_is_spelt_it_is_seen(string text)
    {
        var shop = shared.Shop;

        var effects = await shop.EffectsAsync(text);

        Assert.Contains("public.customers", effects.Reads);
        Assert.Contains("public.customers.ssn", effects.Columns);
    }

    [Fact]
    public async Task Another_relation_under_the_same_name_is_another_fingerprint()
    {
        await using var shop = await CreateAsync();
        const string text = "DELETE FROM orders WHERE id = 1";
        var before = await shop.EffectsAsync(text);
        Assert.Equal(before.Catalog, (await shop.EffectsAsync(text)).Catalog);

        await shop.RunAsync("ANALYZE; GRANT SELECT ON orders TO public; CREATE TABLE unrelated (id int)");
        Assert.Equal(before.Catalog, (await shop.EffectsAsync(text)).Catalog);

        await shop.RunAsync("ALTER TABLE orders RENAME TO former; CREATE TABLE orders (LIKE former)");
        Assert.NotEqual(before.Catalog, (await shop.EffectsAsync(text)).Catalog);
    }

    [Theory]
    [InlineData("CREATE OR REPLACE FUNCTION evil.quiet() RETURNS int LANGUAGE sql AS 'SELECT 2'")]
    [InlineData("CREATE OR REPLACE FUNCTION evil.wipe() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 2; END'")]
    [InlineData("CREATE OR REPLACE VIEW names AS SELECT id, ssn AS name, ssn AS number FROM customers")]
    [InlineData("ALTER TABLE customers ADD more int")]
    [InlineData("CREATE TABLE more (id int REFERENCES customers ON DELETE CASCADE)")]
    [InlineData("CREATE TRIGGER t BEFORE DELETE ON customers FOR EACH ROW EXECUTE FUNCTION evil.fire()")]
    [InlineData("CREATE RULE r AS ON DELETE TO customers DO ALSO NOTIFY x")]
    [InlineData("ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey")]
    public async Task A_definition_that_changed_is_another_fingerprint(string change)
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync("""
            CREATE FUNCTION evil.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            ALTER VIEW names RENAME TO old_names;
            DROP VIEW old_names;
            CREATE VIEW names AS SELECT id, name, ssn AS number FROM customers
            """);
        const string text = "DELETE FROM customers WHERE id = (SELECT evil.quiet() FROM names)";
        var before = await shop.EffectsAsync(text);

        await shop.RunAsync(change);

        Assert.NotEqual(before.Catalog, (await shop.EffectsAsync(text)).Catalog);
    }

    [Fact]
    public async Task What_becomes_of_a_constant_now_is_no_change()
    {
        var shop = shared.Shop;
        const string text = "UPDATE orders SET note = 'now'::timestamptz::text WHERE id = 1";

        Assert.Equal((await shop.EffectsAsync(text)).Catalog, (await shop.EffectsAsync(text)).Catalog);
    }

    [Fact]
    public async Task A_function_of_the_session_cannot_hide_in_the_analysis()
    {
        var shop = shared.Shop;

        Assert.IsType<Analysed.Invalid>(await shop.AnalyseAsync("SELECT pg_temp.g()"));
    }

    [Fact]
    public async Task What_runs_while_a_statement_is_resolved_runs_as_the_role_of_the_analysis()
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync("CREATE ROLE analyst_of_bypass; GRANT USAGE ON SCHEMA evil TO analyst_of_bypass");
        await using var analyser = new Analyser(
            new AnalyserOptions(shop.ConnectionString) { Role = "analyst_of_bypass" }, TimeProvider.System);

        var analysed = await analyser.AnalyseAsync(
            "SELECT '{x}'::evil.dom[]", [], Meaning.Usual, version: null, TestContext.Current.CancellationToken);

        Assert.IsType<Analysed.Opaque>(analysed);
        Assert.Equal(3L, await shop.ScalarAsync<long>("SELECT count(*) FROM orders"));
    }

    private Task<AnalysedDatabase> CreateAsync() => SharedTraps.CreateAsync(server);

    public sealed class SharedTraps(PostgresServer server) : IAsyncLifetime
    {
        /// <summary>Ways to delete behind somebody's back.</summary>
        private const string Traps = """
            CREATE SCHEMA evil;
            CREATE FUNCTION evil.wipe() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders; RETURN 1; END';
            CREATE FUNCTION evil.quiet() RETURNS int LANGUAGE sql STABLE AS 'SELECT evil.wipe()';
            CREATE FUNCTION evil.delete() RETURNS SETOF int LANGUAGE sql IMMUTABLE AS 'DELETE FROM orders RETURNING id';
            CREATE FUNCTION evil.plus(int, int) RETURNS int LANGUAGE plpgsql
                AS 'BEGIN DELETE FROM orders; RETURN 1; END';
            CREATE OPERATOR evil.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.plus);
            CREATE OPERATOR public.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.plus);
            CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql
                AS 'BEGIN DELETE FROM orders; RETURN $1; END';
            CREATE FUNCTION evil.check(text) RETURNS bool LANGUAGE plpgsql
                AS 'BEGIN DELETE FROM orders; RETURN true; END';
            CREATE DOMAIN evil.dom AS text CHECK (evil.check(VALUE));
            CREATE TYPE evil.pair AS (a int, b evil.dom);
            CREATE FUNCTION evil.row(orders) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
            CREATE CAST (orders AS int) WITH FUNCTION evil.row(orders);
            """;

        private AnalysedDatabase? _shop;

        internal AnalysedDatabase Shop => _shop ?? throw new InvalidOperationException("The shop is not open yet.");

        public async ValueTask InitializeAsync() => _shop = await CreateAsync(server);

        public async ValueTask DisposeAsync()
        {
            if (_shop is { } shop)
            {
                await shop.DisposeAsync();
            }
        }

        internal static async Task<AnalysedDatabase> CreateAsync(PostgresServer server)
        {
            var shop = await AnalysedDatabase.CreateAsync(server);
            await shop.RunAsync(Traps);
            await shop.RunAsync("CREATE SEQUENCE s");
            return shop;
        }
    }
}
