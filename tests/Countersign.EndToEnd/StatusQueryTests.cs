using System.Net.Http.Headers;
using System.Text;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// The product is killed while a request is at its target. What became of it is asked for by the idempotency key, where
/// the target can say, and the request is never sent again.
/// </summary>
public sealed class StatusQueryTests : IAsyncLifetime
{
    private const string Policy = """
        version: 1
        default: deny
        rules:
          - id: orders
            when: action.gate == "http" && http.method == "POST"
            then: allow
        """;

    private OrderService _shop = null!;
    private Product _product = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _shop = await OrderService.StartAsync(Cancel);
        _product = await Product.StartAsync(
            new ProductOptions
            {
                Targets = _shop.Target,
                Environment = new Dictionary<string, string> { ["SHOP_KEY"] = "the-key-of-the-shop" },
                Policy = Policy,
            },
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await (_product?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_shop?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task An_order_that_was_made_is_proved_by_its_key_after_a_kill()
    {
        _shop.Makes = true;
        var key = await LoseAsync();

        var ended = await _product.As("ALICE").FindAsync("succeeded", Cancel);

        Assert.StartsWith(ended.GetProperty("id").GetString()!, key, StringComparison.Ordinal);
        Assert.Equal([key], _shop.Orders);
        Assert.Equal([$"{key} Bearer the-key-of-the-shop"], _shop.Questions);
        await _product.StopAsync(Cancel);
        await _product.VerifyLedgerAsync(Cancel);
    }

    [Fact]
    public async Task An_order_that_the_target_is_still_at_is_asked_for_again()
    {
        _shop.Makes = true;
        _shop.Says = 202;
        await LoseAsync();
        while (_shop.Questions.Count < 2)
        {
            await Task.Delay(50, Cancel);
        }

        await _product.As("ALICE").FindAsync("executing", Cancel);
        _shop.Says = null;

        await _product.As("ALICE").FindAsync("succeeded", Cancel);
        Assert.Single(_shop.Orders);
    }

    [Fact]
    public async Task An_order_that_the_target_never_saw_failed_once_it_had_time_to_arrive()
    {
        await LoseAsync();

        await _product.As("ALICE").FindAsync("failed", Cancel);

        Assert.True(_shop.Questions.Count > 1, "It was asked for once only.");
        Assert.Empty(_shop.Orders);
    }

    /// <summary>Sends an order, and kills the product while the shop has it; returns the order's key.</summary>
    private async Task<string> LoseAsync()
    {
        using var agent = new HttpClient { BaseAddress = _product.Address };
        agent.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", ProductFolder.TokenOf("DEPLOY_BOT"));
        var ordering = agent.PostAsync(
            "http/shop/orders", new StringContent("""{"amount": 5}""", Encoding.UTF8, "application/json"), Cancel);
        var key = await _shop.NextAsync(Cancel);
        await _product.KillAsync();
        await Record.ExceptionAsync(() => ordering);
        await _product.StartAgainAsync(Cancel);
        return key;
    }
}
