namespace Countersign.Server.Channels.Slack;

/// <summary>
/// How Slack is reached. A class, so that no text of it shows a secret.
/// </summary>
internal sealed class SlackOptions(string botToken, string channel)
{
    public static readonly Uri StandardBaseUrl = new("https://slack.com/api/");

    public string BotToken { get; } = botToken;

    /// <summary>Id of the channel that gets the cards.</summary>
    public string Channel { get; } = channel;

    /// <summary>What interactions over HTTP are signed with; <c>null</c> when none come that way.</summary>
    public string? SigningSecret { get; init; }

    /// <summary>The app-level token of Socket Mode; <c>null</c> when interactions come over HTTP.</summary>
    public string? AppToken { get; init; }

    /// <summary>Where the methods of the Web API are; ends with a slash.</summary>
    public Uri BaseUrl { get; init; } = StandardBaseUrl;
}
