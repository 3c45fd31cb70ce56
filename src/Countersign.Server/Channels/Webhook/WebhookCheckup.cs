namespace Countersign.Server.Channels.Webhook;

/// <summary>What <c>countersign doctor</c> asks the receiver: whether anybody answers at its address.</summary>
internal static class WebhookCheckup
{
    public static async Task<(bool Ok, string Text)> RunAsync(
        WebhookOptions options, CancellationToken cancellationToken)
    {
        // The address may hold what the operator takes for a secret; its host is enough to know which it is.
        var what = $"webhook {options.Url.Host}";
        using var client = new WebhookClient(options, TimeProvider.System);
        try
        {
            await client.LookAsync(cancellationToken);
            return (true, what);
        }
        catch (ChannelException failure)
        {
            return (false, $"{what}: {failure.Message} Correct 'url', or start the receiver.");
        }
    }
}
