using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Sends the answers that only the person who clicked sees. They go after the acknowledgement, and nothing depends on
/// them: what is lost here stands on the card and in the console.
/// </summary>
internal sealed class SlackReplies(SlackClient client, ILogger<SlackReplies> log) : BackgroundService
{
    private const int MaxWaiting = 1000;

    private readonly Channel<(Uri Address, JsonObject Message)> _waiting =
        System.Threading.Channels.Channel.CreateBounded<(Uri, JsonObject)>(
            new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Tells one person something; without an address there is nobody to tell.</summary>
    public void Tell(Uri? address, string text, bool offersLink)
    {
        if (address is null)
        {
            return;
        }

        var blocks = new SlackBlocks();
        blocks.Section(text);
        if (offersLink)
        {
            blocks.Actions(SlackButtons.ForLinking());
        }

        _waiting.Writer.TryWrite((address, new JsonObject
        {
            ["response_type"] = "ephemeral",
            ["replace_original"] = false,
            ["text"] = SlackText.Fit(text, SlackLimits.FallbackText, SlackText.Escape),
            ["blocks"] = blocks.ToJson(),
        }));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (address, message) in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            await SendAsync(address, message, stoppingToken);
        }
    }

    private async Task SendAsync(Uri address, JsonObject message, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await client.ReplyAsync(address, message, cancellationToken);
            if (reply is not SlackReply.Ok)
            {
                Log.ReplyLost(log, reply.ToString());
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException
            && !cancellationToken.IsCancellationRequested)
        {
            // Nothing depends on an answer to one person, least of all the node.
            Channels.Log.WorkFailed(log, SlackOutbox.Channel, failure);
        }
    }
}
