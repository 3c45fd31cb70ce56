using System.Threading.Channels;
using Countersign.Core.Actions;
using Countersign.Server.Hosting;
using Countersign.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Hosting;

public sealed class ReviewLogTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_review_is_said_once_with_its_address_and_without_what_the_agent_wrote()
    {
        var bench = new OfficeBench();
        var lines = new Lines();
        using var service = new ReviewLog(
            bench.Store, bench.Office.Gatekeeper, id => new Uri($"http://localhost/console/actions/{id}"), lines);
        await service.StartAsync(Cancellation);

        var first = await bench.AskHeldAsync(GateKind.Api, idempotencyKey: "1");
        await bench.ApproveAsync(first, OfficeBench.Bob);
        var second = await bench.AskHeldAsync(GateKind.Api, idempotencyKey: "2");

        Assert.Equal(LineOf(first.Id), await lines.NextAsync());
        Assert.Equal(LineOf(second.Id), await lines.NextAsync());
        await service.StopAsync(Cancellation);
    }

    private static string LineOf(ActionId id) =>
        $"Agent bot asks for something on ops that waits for review: http://localhost/console/actions/{id}";

    private sealed class Lines : ILogger<ReviewLog>
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public ValueTask<string> NextAsync() => _lines.Reader.ReadAsync(Cancellation);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            Assert.True(_lines.Writer.TryWrite(formatter(state, exception)));
    }
}
