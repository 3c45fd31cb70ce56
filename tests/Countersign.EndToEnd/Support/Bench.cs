namespace Countersign.EndToEnd.Support;

/// <summary>A product in front of a recording upstream: what most tests start from.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private Bench(RecordingUpstream upstream, Product product)
    {
        Upstream = upstream;
        Product = product;
    }

    public RecordingUpstream Upstream { get; }

    public Product Product { get; }

    public Api Alice => Product.As("ALICE");

    public Api Agent => Product.As("DEPLOY_BOT");

    public static Task<Bench> StartAsync(CancellationToken cancellationToken) =>
        StartAsync(new ProductOptions(), cancellationToken);

    public static async Task<Bench> StartAsync(ProductOptions options, CancellationToken cancellationToken)
    {
        var upstream = await RecordingUpstream.StartAsync(cancellationToken);
        try
        {
            return new Bench(
                upstream, await Product.StartAsync(options with { Upstream = upstream.Address }, cancellationToken));
        }
        catch
        {
            await upstream.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Product.DisposeAsync();
        await Upstream.DisposeAsync();
    }
}

/// <summary>
/// A bench that all tests of a class share; each test asks for something else, so that none attaches to another.
/// </summary>
public sealed class SharedBench : IAsyncLifetime
{
    internal Bench Bench { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Bench = await Bench.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Bench.DisposeAsync();
}
