using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>A database with something in it, and an analyser that asks it.</summary>
internal sealed class AnalysedDatabase : IAsyncDisposable
{
    /// <summary>Customers have orders, which go with them; nobody else does anything.</summary>
    public const string Shop = """
        CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text);
        CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE, note text);
        INSERT INTO customers VALUES (1, 'alice', '536-22-0009'), (2, 'bob', '219-09-9999');
        INSERT INTO orders VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z');
        CREATE TABLE invoices (id serial PRIMARY KEY, total numeric CHECK (total > 0));
        CREATE VIEW names AS SELECT id, upper(name) AS name, ssn AS number FROM customers;
        """;

    private readonly Analyser _analyser;

    private AnalysedDatabase(string connectionString, NpgsqlDataSource source)
    {
        ConnectionString = connectionString;
        Source = source;
        _analyser = new Analyser(new AnalyserOptions(connectionString), TimeProvider.System);
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource Source { get; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<AnalysedDatabase> CreateAsync(PostgresServer server, string content = Shop)
    {
        var connectionString = await server.CreateDatabaseAsync();
        var database = new AnalysedDatabase(connectionString, NpgsqlDataSource.Create(connectionString));
        await database.RunAsync(content);
        return database;
    }

    public async Task RunAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    /// <summary>One command as it is: a driver may split a text at semicolons, which a body in SQL contains.</summary>
    public async Task RunWholeAsync(string sql)
    {
        await using var batch = Source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        await batch.ExecuteNonQueryAsync(Cancelled);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancelled))!;
    }

    public Task<Analysed> AnalyseAsync(string text, Meaning? meaning = null, params uint[] parameters) =>
        _analyser.AnalyseAsync(text, [.. parameters], meaning ?? Meaning.Usual, version: null, Cancelled);

    public Task<Analysed> AnalyseCommandAsync(CommandEffect utility, string? inner, Meaning meaning) =>
        _analyser.AnalyseCommandAsync(utility, inner, meaning, Cancelled);

    public async Task<Effects> EffectsAsync(string text, params uint[] parameters) =>
        (await AnalyseAsync(text, null, parameters)) switch
        {
            Analysed.Understood understood => understood.Effects,
            var other => throw new InvalidOperationException($"{text}: {other}"),
        };

    public async ValueTask DisposeAsync()
    {
        await _analyser.DisposeAsync();
        await Source.DisposeAsync();
    }
}
