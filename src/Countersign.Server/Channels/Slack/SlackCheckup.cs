namespace Countersign.Server.Channels.Slack;

/// <summary>What <c>countersign doctor</c> asks Slack: token, channel, and the address of Socket Mode.</summary>
internal sealed class SlackCheckup(ChannelSettings settings, SlackOptions options, SlackClient client)
{
    private readonly SlackWorkspace _workspace = new(client, TimeProvider.System);

    public async Task<IReadOnlyList<(bool Ok, string Text)>> RunAsync(CancellationToken cancellationToken)
    {
        var findings = new List<(bool Ok, string Text)>
        {
            await TryAsync("slack bot_token", async () =>
            {
                var found = await _workspace.AskInstallationAsync(cancellationToken);
                var foreign = settings.Accounts.Keys
                    .Where(account => account.Channel == SlackOutbox.Channel)
                    .Select(account => SlackAccount.Parse(account.Id))
                    .Where(account => account.Home != found.Team && account.Home != found.Enterprise)
                    .Select(account => account.ToString())
                    .Order(StringComparer.Ordinal)
                    .ToList();
                return foreign.Count == 0
                    ? null
                    : $"installed in {found.Team}, and these accounts are of other teams: {string.Join(", ", foreign)}";
            }),
            await TryAsync(
                $"slack channel {options.Channel}",
                () => _workspace.WhyNotChannelAsync(options.Channel, cancellationToken)),
        };
        if (options.AppToken is not null)
        {
            findings.Add(await TryAsync("slack app_token", async () =>
                await client.OpenConnectionAsync(cancellationToken) switch
                {
                    SlackReply.Ok => null,
                    SlackReply.Refused refused => $"Slack refuses a connection: {refused.Error}.",
                    SlackReply.Away away => away.Why,
                    _ => "Slack limits connections right now; ask again later.",
                }));
        }

        return findings;
    }

    private static async Task<(bool Ok, string Text)> TryAsync(string what, Func<Task<string?>> findWhyNot)
    {
        try
        {
            return await findWhyNot() is { } why ? (false, $"{what}: {why}") : (true, what);
        }
        catch (SlackException failure)
        {
            return (false, $"{what}: {failure.Message} {RemedyOf(failure)}".TrimEnd());
        }
    }

    private static string RemedyOf(SlackException failure) => failure.Message switch
    {
        _ when failure.Message.Contains("missing_scope", StringComparison.Ordinal) =>
            "Give the app the scopes chat:write, users:read, channels:read and groups:read, and install it again.",
        _ when failure.Message.Contains("channel_not_found", StringComparison.Ordinal) =>
            "Write the channel's id, and invite the app into the channel.",
        _ when failure.Message.Contains("_auth", StringComparison.Ordinal) =>
            "Write the bot token of the installed app, which begins with xoxb-.",
        _ => "",
    };
}
