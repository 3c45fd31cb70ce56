using System.Collections.Immutable;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>A database with values that must not leave, and with code that tries to get them out.</summary>
internal static class LeakShop
{
    /// <summary>Nothing is held or refused by policy, so that only the masks stand in the way.</summary>
    public const string AllowAll = """
        version: 1
        default: deny
        rules:
          - id: everything
            when: action.gate == "postgres"
            then: allow
        """;

    public const string SetUp = """
        CREATE TYPE person AS (name text, ssn text);
        CREATE TABLE customers (
            id int PRIMARY KEY, name text, ssn text, ssn_number numeric, ssn_int bigint, profile jsonb,
            numbers text[], person person, raw bytea, plain text);
        INSERT INTO customers VALUES (
            1, 'ann-visible', 'kq914-77-3186zx', 914773186, 914773186, '{"ssn": "914-77-3186", "n": 914773186}',
            '{914-77-3186}', ROW('ann', '914-77-3186'), convert_to('kq914-77-3186zx', 'UTF8'), 'plain');
        INSERT INTO customers VALUES (2, 'bob-visible', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        CREATE VIEW people AS SELECT id, name, ssn AS number_of_person FROM customers;
        CREATE VIEW derived AS SELECT id, name, 'no. ' || upper(ssn) AS x FROM customers;
        CREATE TABLE copies (id int, note text);
        CREATE FUNCTION sql_ssn(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM customers WHERE id = $1';
        CREATE FUNCTION code_ssn(int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
            $$ BEGIN RETURN (SELECT ssn FROM customers WHERE id = $1); END $$;
        CREATE FUNCTION code_rows() RETURNS TABLE (a text, b text) LANGUAGE plpgsql AS
            $$ BEGIN RETURN QUERY SELECT name, ssn FROM customers; END $$;
        CREATE FUNCTION tell() RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN RAISE NOTICE 'it is %', (SELECT ssn FROM customers WHERE id = 1); RETURN 1; END $$;
        CREATE FUNCTION fail() RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'it is %', (SELECT ssn FROM customers WHERE id = 1); END $$;
        CREATE FUNCTION fail_in_fields() RETURNS int LANGUAGE plpgsql AS $$
            DECLARE s text := (SELECT ssn FROM customers WHERE id = 1);
            BEGIN RAISE EXCEPTION USING MESSAGE = 'm', DETAIL = s, HINT = s, COLUMN = s, CONSTRAINT = s, TABLE = s,
                SCHEMA = s, DATATYPE = s, ERRCODE = '23505'; END $$;
        CREATE FUNCTION fail_by_code() RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'm' USING ERRCODE = (SELECT substr(ssn_number::text, 1, 5) FROM customers
                WHERE id = 1); END $$;
        CREATE FUNCTION set_name() RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN PERFORM set_config('application_name', (SELECT ssn FROM customers WHERE id = 1), false);
                RETURN 1; END $$;
        CREATE FUNCTION set_zone() RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN PERFORM set_config('TimeZone', '<' || (SELECT ssn_number FROM customers WHERE id = 1) || '>5',
                false); RETURN 1; END $$;
        CREATE FUNCTION open_cursor() RETURNS int LANGUAGE plpgsql AS $$
            DECLARE c refcursor := 'c'; BEGIN
            IF EXISTS (SELECT FROM pg_cursors WHERE name = 'c') THEN CLOSE c; END IF;
            OPEN c FOR SELECT ssn, name FROM customers; RETURN 1; END $$;
        CREATE FUNCTION shout() RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_notify('channel', (SELECT ssn FROM customers WHERE id = 1)); RETURN 1; END $$;
        CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'it is %', (SELECT ssn FROM customers WHERE id = 1)
                USING ERRCODE = '40001'; END $$;
        CREATE TABLE late_ones (id int);
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late_ones DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION late();
        CREATE TABLE twins (ssn text PRIMARY KEY);
        INSERT INTO twins SELECT ssn FROM customers WHERE id = 1;
        CREATE TABLE repeated AS SELECT ssn FROM customers, generate_series(1, 50) WHERE id = 1;
        ANALYZE repeated;
        """;

    /// <summary>What is masked.</summary>
    public static ImmutableArray<string> Columns { get; } =
    [
        "public.customers.ssn", "public.customers.ssn_number", "public.customers.ssn_int", "public.customers.profile",
        "public.customers.numbers", "public.customers.person", "public.customers.raw", "public.twins.ssn",
        "public.repeated.ssn",
    ];
}
