using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Slack;

/// <summary>One message as Slack takes it: blocks, and the text for whoever gets none.</summary>
internal sealed record SlackMessage(string Text, JsonArray Blocks)
{
    /// <summary>The arguments of <c>chat.postMessage</c>; with <paramref name="ts"/>, of <c>chat.update</c>.</summary>
    public JsonObject ToArguments(string channel, string? ts)
    {
        var arguments = new JsonObject
        {
            ["channel"] = channel,
            ["text"] = Text,
            ["blocks"] = Blocks.DeepClone(),
            ["parse"] = "none",
            ["link_names"] = false,
        };
        if (ts is null)
        {
            arguments["mrkdwn"] = false;
            arguments["unfurl_links"] = false;
            arguments["unfurl_media"] = false;
        }
        else
        {
            arguments["ts"] = ts;
        }

        return arguments;
    }
}
