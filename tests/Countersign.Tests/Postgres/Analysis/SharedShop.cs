using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>One shop for the tests of a class that only ask about it.</summary>
public sealed class SharedShop(PostgresServer server) : IAsyncLifetime
{
    private AnalysedDatabase? _shop;

    internal AnalysedDatabase Shop => _shop ?? throw new InvalidOperationException("The shop is not open yet.");

    public async ValueTask InitializeAsync() => _shop = await AnalysedDatabase.CreateAsync(server);

    public async ValueTask DisposeAsync()
    {
        if (_shop is { } shop)
        {
            await shop.DisposeAsync();
        }
    }
}
