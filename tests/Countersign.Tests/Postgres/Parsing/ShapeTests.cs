using System.Text;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>Which texts share what is known of them, and which never may.</summary>
public sealed class ShapeTests : IDisposable
{
    private readonly Shapes _shapes = new(new byte[SipHash.KeyBytes], new PostgresLimits());

    [Theory]
    [InlineData("SELECT a FROM t WHERE id = 1", "select  A\tfrom /* x /* y */ */ t -- z\nWHERE id=22")]
    [InlineData("SELECT 'a'", "SELECT 'it''s; --'")]
    [InlineData("SELECT 'a'", "SELECT $$b$$")]
    [InlineData("SELECT 'a'", "SELECT $x$ $y$ $x$")]
    [InlineData("SELECT 'a'", "SELECT 'a'\n  'b'")]
    [InlineData("SELECT 1.5", "SELECT 7e10")]
    [InlineData("SELECT 99999999999999999999", "SELECT .5")]
    [InlineData("SELECT 3000000000", "SELECT 9223372036854775807")]
    [InlineData("SELECT 0", "SELECT 0002147483647")]
    [InlineData("SELECT B'1'", "SELECT b'0101'")]
    [InlineData("SELECT X'1'", "SELECT x'FF'")]
    [InlineData("INSERT INTO t (a, b) VALUES (1, 'x')", "INSERT INTO t (a, b) VALUES (2, 'y')")]
    [InlineData("UPDATE t SET a = 'x' WHERE b LIKE 'y%'", "UPDATE t SET a = 'z' WHERE b LIKE 'w%'")]
    [InlineData("SELECT * FROM t WHERE a IN (1, 2)", "SELECT * FROM t WHERE a IN (3, 4, 5, 6)")]
    [InlineData("SELECT * FROM t WHERE a NOT IN ('x','y')", "SELECT * FROM t WHERE a NOT IN ('a','b','c')")]
    [InlineData("SELECT a FROM t ORDER BY a LIMIT 1 OFFSET 2", "SELECT a FROM t ORDER BY a LIMIT 10 OFFSET 20")]
    [InlineData("SELECT a FROM t GROUP BY a HAVING a > 1", "SELECT a FROM t GROUP BY a HAVING a > 2")]
    [InlineData("SELECT '2026-01-01'::date", "SELECT '2026-01-02'::date")]
    [InlineData("SELECT '1'::pg_catalog.int4", "SELECT '2'::pg_catalog.int4")]
    [InlineData("SELECT date '2026-01-01'", "SELECT date '2026-01-02'")]
    [InlineData("SELECT now() - interval '1 day'", "SELECT now() - interval '2 days'")]
    [InlineData("SELECT EXISTS (SELECT FROM t WHERE a = 'x')", "SELECT EXISTS (SELECT FROM t WHERE a = 'y')")]
    [InlineData("SELECT * FROM (VALUES ('x', 1)) v", "SELECT * FROM (VALUES ('y', 2)) v")]
    [InlineData("SELECT ARRAY['a', 'b']", "SELECT ARRAY['c', 'd']")]
    [InlineData("SELECT a[1]", "SELECT a[2]")]
    [InlineData("SELECT CASE WHEN a = 'x' THEN 1 ELSE 2 END", "SELECT CASE WHEN a = 'y' THEN 3 ELSE 4 END")]
    [InlineData("SELECT -1", "SELECT - 5")]
    [InlineData("DELETE FROM t WHERE a = 1;", "DELETE FROM t WHERE a = 2")]
    public void Texts_that_differ_in_what_does_not_matter_have_one_shape(string one, string other) =>
        Assert.Equal(ShapeOf(one), ShapeOf(other));

    [Theory]
    // Names, words and structure.
    [InlineData("SELECT a FROM t", "SELECT b FROM t")]
    [InlineData("SELECT a FROM t", "SELECT \"a\" FROM t")]
    [InlineData("SELECT a FROM t", "SELECT \"A\" FROM t")]
    [InlineData("SELECT a FROM t WHERE b > 1", "SELECT a FROM t WHERE b < 1")]
    [InlineData("SELECT a b", "SELECT ab")]
    [InlineData("SELECT a, b", "SELECT a")]
    [InlineData("SELECT $1", "SELECT $2")]
    [InlineData("SELECT $1", "SELECT 1")]
    [InlineData("SELECT 1; SELECT 2", "SELECT 1")]
    [InlineData("SELECT U&\"\\0061\"", "SELECT U&\"\\0062\"")]
    [InlineData("SELECT * FROM t WHERE a IN (1)", "SELECT * FROM t WHERE a IN (1, 2)")]
    [InlineData("SELECT * FROM t WHERE a IN (1, 2)", "SELECT * FROM t WHERE a IN (1, 'x')")]
    [InlineData("SELECT * FROM t WHERE a IN (1, b)", "SELECT * FROM t WHERE a IN (1, c)")]
    // Classes of constants.
    [InlineData("SELECT 1", "SELECT '1'")]
    [InlineData("SELECT 1", "SELECT 1.0")]
    [InlineData("SELECT 1", "SELECT 3000000000")]
    [InlineData("SELECT 3000000000", "SELECT 30000000000000000000")]
    [InlineData("SELECT B'1'", "SELECT X'1'")]
    [InlineData("SELECT N'x'", "SELECT 'x'")]
    [InlineData("SELECT n 'x'", "SELECT N'x'")]
    [InlineData("SELECT -2147483648", "SELECT -2147483649")]
    [InlineData("SELECT -9223372036854775808", "SELECT -9223372036854775809")]
    // Values that name objects, code, or positions.
    [InlineData("SELECT nextval('a')", "SELECT nextval('b')")]
    [InlineData("SELECT pg_catalog.nextval('a')", "SELECT pg_catalog.nextval('b')")]
    [InlineData("SELECT \"nextval\"('a')", "SELECT \"nextval\"('b')")]
    [InlineData("SELECT s.in('a')", "SELECT s.in('b')")]
    [InlineData("SELECT s.values('a')", "SELECT s.values('b')")]
    [InlineData("SELECT nextval(16384)", "SELECT nextval(16385)")]
    [InlineData("SELECT nextval(('a'))", "SELECT nextval(('b'))")]
    [InlineData("SELECT f(VARIADIC ARRAY['a'])", "SELECT f(VARIADIC ARRAY['b'])")]
    [InlineData("SELECT f(x => 'a')", "SELECT f(x => 'b')")]
    [InlineData("SELECT f((SELECT 'a'))", "SELECT f((SELECT 'b'))")]
    [InlineData("SELECT query_to_xml('select 1', true)", "SELECT query_to_xml('select 2', true)")]
    [InlineData("SELECT set_config('role', 'a', true)", "SELECT set_config('role', 'b', true)")]
    [InlineData("SELECT * FROM dblink('a')", "SELECT * FROM dblink('b')")]
    [InlineData("SELECT 'a'::regclass", "SELECT 'b'::regclass")]
    [InlineData("SELECT 'a'::text::regclass", "SELECT 'b'::text::regclass")]
    [InlineData("SELECT 'a'::varchar(9)::regclass", "SELECT 'b'::varchar(9)::regclass")]
    [InlineData("SELECT 'a'::time with time zone::s.dom", "SELECT 'b'::time with time zone::s.dom")]
    [InlineData("SELECT ('a')::regclass", "SELECT ('b')::regclass")]
    [InlineData("SELECT ('x' || ('a'))::regclass", "SELECT ('x' || ('b'))::regclass")]
    [InlineData("SELECT ARRAY['a']::regclass[]", "SELECT ARRAY['b']::regclass[]")]
    [InlineData("SELECT 1::regclass", "SELECT 2::regclass")]
    [InlineData("SELECT 'a'::date.dom", "SELECT 'b'::date.dom")]
    [InlineData("SELECT CAST('a' AS regclass)", "SELECT CAST('b' AS regclass)")]
    [InlineData("SELECT regclass 'a'", "SELECT regclass 'b'")]
    [InlineData("SELECT s.date 'a'", "SELECT s.date 'b'")]
    [InlineData("SELECT \"date\" 'a'", "SELECT \"date\" 'b'")]
    [InlineData("SELECT f(1) 'a'", "SELECT f(1) 'b'")]
    [InlineData("SELECT a::numeric(10, 2)", "SELECT a::numeric(10, 3)")]
    [InlineData("SELECT a::varchar(5)", "SELECT a::varchar(6)")]
    [InlineData("SELECT a, b FROM t ORDER BY 1", "SELECT a, b FROM t ORDER BY 2")]
    [InlineData("SELECT a, b FROM t ORDER BY a, (1)", "SELECT a, b FROM t ORDER BY a, (2)")]
    [InlineData("SELECT a, b FROM t GROUP BY 1, 2", "SELECT a, b FROM t GROUP BY 1, 3")]
    [InlineData("SELECT a FROM t GROUP BY ROLLUP (1)", "SELECT a FROM t GROUP BY ROLLUP (2)")]
    [InlineData("SELECT DISTINCT ON (1) a, b FROM t", "SELECT DISTINCT ON (2) a, b FROM t")]
    [InlineData("SELECT E'a\\n'", "SELECT E'b\\n'")]
    [InlineData("SELECT U&'a'", "SELECT U&'b'")]
    [InlineData("SELECT a LIKE b ESCAPE 'x'", "SELECT a LIKE b ESCAPE 'y'")]
    // Utility statements.
    [InlineData("SET search_path = 'a'", "SET search_path = 'b'")]
    [InlineData("COPY t TO 'a'", "COPY t TO 'b'")]
    [InlineData("DO 'a'", "DO 'b'")]
    [InlineData("EXECUTE p (1)", "EXECUTE p (2)")]
    [InlineData("EXPLAIN (ANALYZE 0) SELECT 1", "EXPLAIN (ANALYZE 1) SELECT 1")]
    [InlineData("SELECT 1; NOTIFY a, 'x'", "SELECT 1; NOTIFY a, 'y'")]
    public void Texts_that_may_do_different_things_have_different_shapes(string one, string other) =>
        Assert.NotEqual(ShapeOf(one), ShapeOf(other));

    [Fact]
    public void A_utility_statement_does_not_keep_the_constants_of_the_next_one() => Assert.Equal(
        ShapeOf("SET a = 1; SELECT 'x'"), ShapeOf("SET a = 1; SELECT 'y'"));

    [Fact]
    public void A_shape_means_nothing_under_another_key()
    {
        using var others = new Shapes(Enumerable.Repeat((byte)1, SipHash.KeyBytes).ToArray(), new PostgresLimits());

        Assert.Null(others.TryRead("SELECT 1"u8, out var other));
        Assert.NotEqual(ShapeOf("SELECT 1"), other);
    }

    [Fact]
    public void What_is_refused_has_no_shape()
    {
        var fault = _shapes.TryRead("SELECT 'x"u8, out var shape);

        Assert.Equal("42601", fault?.SqlState);
        Assert.Equal(8, fault?.Position);
        Assert.Equal(default, shape);
    }

    public void Dispose() => _shapes.Dispose();

    private Shape ShapeOf(string text)
    {
        Assert.Null(_shapes.TryRead(Encoding.UTF8.GetBytes(text), out var shape));
        return shape;
    }
}
