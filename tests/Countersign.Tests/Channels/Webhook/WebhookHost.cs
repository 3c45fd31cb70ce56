using Countersign.Core.Records;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Webhook;
using Countersign.Tests.Console;
using Countersign.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Channels.Webhook;

/// <summary>The webhook channel between a console with its people and a receiver; tests run the outbox.</summary>
internal sealed class WebhookHost : IAsyncDisposable
{
    /// <summary>The first 32 natural numbers.</summary>
    public static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];

    public static readonly string Secret = "whsec_" + Convert.ToBase64String(Key);

    private readonly ManualTime _time;

    private WebhookHost(ManualTime time, WebhookDouble receiver, ConsoleHost console) =>
        (_time, Receiver, Console) = (time, receiver, console);

    public WebhookDouble Receiver { get; }

    public ConsoleHost Console { get; }

    public ManualTime Time => _time;

    public WebhookOutbox Outbox { get; private set; } = null!;

    public string? Complaint => Outbox.Health.Complaint;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<WebhookHost> StartAsync(TimeSpan? patience = null, params string[] secrets)
    {
        var time = new ManualTime();
        var receiver = await WebhookDouble.StartAsync(Cancel);
        var options = new WebhookOptions(
            receiver.Address, [.. (secrets is [] ? [Secret] : secrets).Select(WebhookSecret.Parse)])
        {
            Patience = patience ?? WebhookLimits.Call,
        };
        var channels = new ChannelSettings { Webhook = options };
        var host = new WebhookHost(time, receiver, await ConsoleHost.StartAsync(time, channels: channels));
        host.Restart();
        return host;
    }

    /// <summary>The outbox of another process at the same store: it knows what the store knows.</summary>
    public void Restart() => Outbox = ActivatorUtilities.CreateInstance<WebhookOutbox>(
        Console.Service<IServiceProvider>(), new ChannelHealth(WebhookOutbox.Channel, "The receiver"));

    public Task<ActionRecord> AskAsync(string arguments = """{"table":"orders"}""", string target = "ops") =>
        Console.AskAsync(new Ask { Arguments = arguments, Target = target });

    public Task<bool> DeliverAsync() => Outbox.DeliverAsync(Cancel);

    /// <summary>Some time later, another round.</summary>
    public Task<bool> DeliverAfterAsync(int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        return DeliverAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Console.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
