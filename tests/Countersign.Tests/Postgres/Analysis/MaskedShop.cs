using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Parsing;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>A database some of whose columns are masked, and what the gate says about statements there.</summary>
public sealed class MaskedShop(PostgresServer server) : IAsyncLifetime
{
    private const string Schema = """
        CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, balance numeric, born date, doc json,
            tags text[],
            CHECK (balance > 0), CHECK (name <> ssn));
        CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE, note text);
        CREATE TABLE people (id int PRIMARY KEY, ssn text UNIQUE, name text,
            last4 text GENERATED ALWAYS AS (right(ssn, 4)) STORED);
        CREATE TABLE visits (id int PRIMARY KEY, person text REFERENCES people (ssn), day int);
        CREATE TABLE events (id int, secret text) PARTITION BY RANGE (id);
        CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100);
        CREATE TABLE parts (id int, secret text) PARTITION BY LIST (secret);
        CREATE TABLE parts_k PARTITION OF parts FOR VALUES IN ('k');
        CREATE TABLE guarded (id int, secret text);
        ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON guarded USING (secret = 'mine');
        CREATE VIEW names (id, label, number) AS SELECT id, upper(name), ssn FROM customers;
        CREATE VIEW fives AS SELECT id, name FROM customers WHERE ssn LIKE '5%';
        CREATE MATERIALIZED VIEW kept AS SELECT id, ssn AS number FROM customers;
        CREATE FUNCTION number_of(int) RETURNS text STABLE LANGUAGE sql AS 'SELECT ssn FROM customers WHERE id = $1';
        CREATE FUNCTION name_of(int) RETURNS text STABLE LANGUAGE sql AS 'SELECT name FROM customers WHERE id = $1';
        CREATE FUNCTION coded(int) RETURNS text STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
        CREATE FUNCTION coded_eq(text, text) RETURNS bool STABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
        CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = coded_eq);
        CREATE AGGREGATE code_of(text) (SFUNC = textcat, STYPE = text);
        CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := 1; RETURN NEW; END';
        CREATE TABLE stamped (id int, note text);
        CREATE TRIGGER stamp BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
        CREATE TABLE defaulted (id int, note text DEFAULT number_of(1));
        """;

    /// <summary>What is masked: a column of a table, of a table with parts, and of one with a policy.</summary>
    public static TargetRedaction Redaction { get; } = new(Values: null, FieldRules.Of(
        new FieldRule.Column("customers.ssn", Treatment.Redact),
        new FieldRule.Column("customers.balance", Treatment.Redact),
        new FieldRule.Column("public.people.ssn", Treatment.Redact),
        new FieldRule.Column("events.secret", Treatment.Redact),
        new FieldRule.Column("parts.secret", Treatment.Redact),
        new FieldRule.Column("guarded.secret", Treatment.Redact)));

    private readonly PgQueryFixture _grammar = new();
    private AnalysedDatabase? _database;
    private Analyser? _analyser;

    public async ValueTask InitializeAsync()
    {
        _database = await AnalysedDatabase.CreateAsync(server, Schema);
        _analyser = new Analyser(new AnalyserOptions(_database.ConnectionString), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        if (_analyser is { } analyser)
        {
            await analyser.DisposeAsync();
        }

        if (_database is { } database)
        {
            await database.DisposeAsync();
        }

        await _grammar.DisposeAsync();
    }

    internal async Task<Effects> EffectsAsync(string text)
    {
        var stop = TestContext.Current.CancellationToken;
        var bytes = Encoding.UTF8.GetBytes(text);
        var parser = new SqlParser(_grammar.Query, new PostgresLimits());
        var list = Assert.IsType<ParseOutcome.List>(await parser.ParseAsync(bytes, stop));
        var forms = new FormReader(_analyser ?? throw new InvalidOperationException("The shop is not open yet."));
        var all = Effects.None;
        foreach (var form in list.Statements)
        {
            all = all.Then(await forms.ReadAsync(
                form, bytes, new ReadContext(ImmutableArray<uint>.Empty, Meaning.Usual, Version: null), stop));
        }

        return all;
    }

    /// <summary>Whether a policy would be told that it touches what is masked.</summary>
    internal static bool Touches(Effects effects) =>
        (bool)PostgresActionReader.FactsOf(effects, Redaction).Members["touches_masked"];

    /// <summary>
    /// A letter per column of a result: <c>p</c> a masked one as it is, <c>m</c> computed from one, <c>u</c> unclear,
    /// <c>.</c> none of these; <c>?</c> for all when nobody knows how many there are.
    /// </summary>
    internal static string Describe(Effects effects) => effects.HasUnclearOutput ? "?"
        : effects.Output.IsEmpty ? "-"
        : string.Concat(effects.Output.Select(Letter));

    private static char Letter(OutputColumn column) => column.IsUnclear ? 'u'
        : !column.Sources.Any(source => source.IsMaskedBy(Redaction)) ? '.'
        : column.IsPlain ? 'p'
        : 'm';
}
