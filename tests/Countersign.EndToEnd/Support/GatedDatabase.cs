using Countersign.EndToEnd.Clients;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// A database and the built product before it, for all tests of a class; started when the first one asks for it. Reads
/// pass, everything else waits for one of group:platform.
/// </summary>
public sealed class GatedDatabase : IAsyncLifetime
{
    private const string Policy =
        """
        version: 1
        default: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ], assurance: token } }
        rules:
          - id: reads
            when: action.gate == "postgres" && sql.read_only
            then: allow
        """;

    private readonly int _port = Ports.Take();
    private Database? _database;
    private Product? _product;

    internal Database Database => _database!;

    internal Product Product => _product!;

    /// <summary>The agent, through the gate.</summary>
    internal Login Gated => new(_port, "deploy-bot", ProductFolder.TokenOf("DEPLOY_BOT"), "orders");

    /// <summary>A superuser, past the gate.</summary>
    internal Login Direct => new(Database.Port, "postgres", Database.Password, "orders");

    public ValueTask InitializeAsync() => default;

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        _database ??= await Database.StartAsync(cancellationToken);
        _product ??= await Product.StartAsync(
            new ProductOptions
            {
                Policy = Policy,
                More = $"postgres: {{ listen: 127.0.0.1:{_port} }}",
                Targets = _database.Target,
                Environment = new Dictionary<string, string> { ["ORDERS_ADMIN_DSN"] = _database.Admin },
            },
            cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_product is not null)
        {
            await _product.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }
}
