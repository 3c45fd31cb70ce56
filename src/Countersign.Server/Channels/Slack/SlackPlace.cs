using System.Text.Json;

namespace Countersign.Server.Channels.Slack;

/// <summary>Where a message is: its channel and its time stamp, by which Slack changes it.</summary>
internal sealed record SlackPlace(string Channel, string Ts)
{
    public static SlackPlace? Parse(string? text) =>
        text?.Split('/') is [var channel, var ts] ? new SlackPlace(channel, ts) : null;

    /// <summary>Where Slack says that it put a message.</summary>
    public static SlackPlace? Of(JsonElement posted, string channel) =>
        posted.TryGetProperty("ts", out var ts) && ts.ValueKind == JsonValueKind.String
            ? new SlackPlace(
                posted.TryGetProperty("channel", out var told) && told.ValueKind == JsonValueKind.String
                    ? told.GetString()!
                    : channel,
                ts.GetString()!)
            : null;

    public override string ToString() => $"{Channel}/{Ts}";
}
