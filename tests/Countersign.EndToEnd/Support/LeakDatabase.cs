using System.Collections.Immutable;
using Countersign.EndToEnd.Clients;
using Countersign.Tests.Postgres.Masking;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// The shop of the leak catalogue and the built product before it, for all tests of a class: target <c>masked</c> masks
/// its columns, and <c>open</c> is the same database without masks.
/// </summary>
public sealed class LeakDatabase : IAsyncLifetime
{
    private readonly int _port = Ports.Take();
    private Database? _database;
    private Product? _product;

    public ValueTask InitializeAsync() => default;

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_database is null)
        {
            _database = await Database.StartAsync(cancellationToken);
            await _database.AskAsync(LeakShop.SetUp, cancellationToken);
        }

        var masks = string.Join(", ", LeakShop.Columns.Select(column => $"{{ column: {column}, as: redact }}"));
        _product ??= await Product.StartAsync(
            new ProductOptions
            {
                Policy = LeakShop.AllowAll,
                More = $"postgres: {{ listen: 127.0.0.1:{_port} }}",
                Targets = TargetOf("open", "") + TargetOf("masked", $", mask: [ {masks} ]"),
                Environment = new Dictionary<string, string> { ["ORDERS_ADMIN_DSN"] = _database.Admin },
            },
            cancellationToken);
    }

    /// <summary>What a client hears that goes every way through a target: of each connection, in its order.</summary>
    internal async Task<IReadOnlyList<byte[]>> HearAsync(
        string client, string target, ImmutableArray<string> modes, CancellationToken cancellationToken)
    {
        await using var relay = new RecordingRelay(_port);
        var login = new Login(relay.Port, "deploy-bot", ProductFolder.TokenOf("DEPLOY_BOT"), target);
        await LeakClients.RunAsync(client, login, modes, cancellationToken);
        return relay.Heard();
    }

    public async ValueTask DisposeAsync()
    {
        await (_product?.DisposeAsync() ?? default);
        await (_database?.DisposeAsync() ?? default);
    }

    /// <summary>Sessions are a superuser's, so that only the masks stand in the way.</summary>
    private string TargetOf(string name, string more) =>
        $$"""
          {{name}}: { gate: postgres, environment: production,
            upstream: "postgresql://127.0.0.1:{{_database!.Port}}/orders",
            credentials: { admin: env:ORDERS_ADMIN_DSN, mode: static }{{more}} }

        """;
}
