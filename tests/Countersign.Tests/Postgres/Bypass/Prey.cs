using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>
/// A database full of traps behind the gate, and one number for everything in it that nobody may change unasked.
/// </summary>
internal sealed class Prey(PostgresHost host) : IAsyncDisposable
{
    /// <summary>Reads pass; whatever else is asked waits for people who never come.</summary>
    private const string Rules = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 15m } ], assurance: token } }
        rules:
          - id: reads
            when: action.gate == "postgres" && sql.read_only
            then: allow
        """;

    private const string Traps = """
        CREATE TABLE secrets (id int PRIMARY KEY, ssn text);
        INSERT INTO secrets VALUES (1, '536-22-0009');
        CREATE TABLE guarded (id int);
        INSERT INTO guarded VALUES (1);
        CREATE TABLE filled (id int DEFAULT 1, note text);
        CREATE SEQUENCE numbers;
        CREATE SCHEMA evil;
        CREATE FUNCTION evil.wipe() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
            'BEGIN DELETE FROM public.orders; RETURN 1; END';
        CREATE FUNCTION evil.quiet() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN evil.wipe(); END';
        CREATE FUNCTION evil.stable() RETURNS int LANGUAGE sql STABLE AS 'SELECT evil.wipe()';
        CREATE FUNCTION evil.add(int, int) RETURNS int LANGUAGE sql AS 'SELECT evil.wipe()';
        CREATE OPERATOR evil.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.add);
        CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS 'SELECT evil.wipe()::text';
        CREATE DOMAIN evil.dom AS text CHECK (evil.wipe() = 1);
        CREATE VIEW evil.orders AS SELECT evil.wipe() AS id;
        CREATE VIEW trap AS SELECT evil.wipe() AS id;
        CREATE PROCEDURE evil.run() LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.orders; COMMIT; END';
        ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
        ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
        CREATE POLICY p ON guarded USING (evil.wipe() = 1);
        CREATE FUNCTION evil.fire() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            'BEGIN DELETE FROM public.orders; RETURN NEW; END';
        CREATE TRIGGER t BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION evil.fire();
        CREATE RULE r AS ON UPDATE TO filled DO ALSO DELETE FROM secrets;
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM orders;
        GRANT USAGE ON SCHEMA evil TO PUBLIC;
        CREATE EXTENSION dblink;
        CREATE EXTENSION postgres_fdw;
        DO $$ BEGIN EXECUTE format('CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS '
            || '(host %L, port %L, dbname %L)', '127.0.0.1', current_setting('port'), current_database()); END $$;
        CREATE USER MAPPING FOR PUBLIC SERVER here OPTIONS (user 'postgres', password 'for tests only');
        GRANT USAGE ON FOREIGN SERVER here TO PUBLIC;
        CREATE FOREIGN TABLE remote (id int, customer text, total numeric) SERVER here
            OPTIONS (schema_name 'public', table_name 'orders');
        """;

    // Roles belong to the server, on which other tests make theirs at the same time: only those that a trick names.
    private const string Fingerprint = """
        SELECT md5(concat_ws('|',
            (SELECT string_agg(o::text, ',' ORDER BY id) FROM public.orders o),
            (SELECT string_agg(s::text, ',' ORDER BY id) FROM public.secrets s),
            (SELECT count(*) FROM public.guarded), (SELECT count(*) FROM public.filled),
            (SELECT last_value::text || is_called FROM public.numbers),
            (SELECT string_agg(
                concat(c.oid, relname, relkind, relhastriggers, relrowsecurity, relowner), ',' ORDER BY c.oid)
                FROM pg_class c WHERE relnamespace NOT IN ('countersign'::regnamespace, 'pg_toast'::regnamespace)
                AND NOT pg_is_other_temp_schema(relnamespace)),
            (SELECT string_agg(concat(p.oid, prosrc, proowner), ',' ORDER BY p.oid) FROM pg_proc p
                WHERE pronamespace NOT IN ('countersign'::regnamespace) AND NOT pg_is_other_temp_schema(pronamespace)),
            (SELECT string_agg(concat(oid, tgname, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
            (SELECT string_agg(concat(oid, rulename), ',' ORDER BY oid) FROM pg_rewrite),
            (SELECT string_agg(concat(rolname, rolsuper, rolcreaterole), ',' ORDER BY rolname) FROM pg_roles
                WHERE rolname IN ('postgres', 'door')),
            (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_extension),
            (SELECT count(*) FROM pg_replication_slots),
            (SELECT string_agg(nspname, ',' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^(pg_|countersign)')))
        """;

    private readonly string _before = "";

    private Prey(PostgresHost host, string before)
        : this(host) => _before = before;

    public PostgresHost Host => host;

    /// <param name="server">Where the database is.</param>
    /// <param name="mayWrite">Whether the baseline of every session may change all of it.</param>
    /// <param name="rules">Another policy than the one under which people are asked and never come.</param>
    public static async Task<Prey> SetAsync(PostgresServer server, bool mayWrite, string rules = Rules)
    {
        var host = await PostgresHost.StartAsync(server, rules, Traps);
        var baseline = "reader_" + new NpgsqlConnectionStringBuilder(host.Database).Database;
        var all = mayWrite ? "ALL" : "SELECT";
        await host.AskDirectlyAsync($"""
            GRANT {all} ON ALL TABLES IN SCHEMA public, evil TO {baseline};
            GRANT {(mayWrite ? "ALL" : "USAGE")} ON SCHEMA public TO {baseline};
            GRANT {(mayWrite ? "ALL" : "SELECT")} ON ALL SEQUENCES IN SCHEMA public TO {baseline};
            """);
        // The first session makes what the gate itself needs in the database.
        await using (var first = await RawSession.OpenAsync(host))
        {
            Assert.EndsWith("Z I", await first.AskAsync("SELECT 1"));
        }

        return new Prey(host, await PrintAsync(host));
    }

    public async Task AssertUntouchedAsync() => Assert.Equal(_before, await PrintAsync(host));

    public async Task<bool> IsUntouchedAsync() => _before == await PrintAsync(host);

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private static async Task<string> PrintAsync(PostgresHost host) =>
        (string)(await host.AskDirectlyAsync(Fingerprint))!;
}
