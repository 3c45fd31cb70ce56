using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Slack;

/// <summary>What Slack is told about one interaction.</summary>
internal abstract record SlackAnswer
{
    private SlackAnswer()
    {
    }

    /// <summary>It is recorded, or there was nothing to record.</summary>
    public sealed record Done : SlackAnswer;

    /// <summary>A modal stays open and shows what is wrong beside its input.</summary>
    public sealed record Invalid(string BlockId, string Why) : SlackAnswer
    {
        public JsonObject ToJson() => new()
        {
            ["response_action"] = "errors",
            ["errors"] = new JsonObject { [BlockId] = Why },
        };
    }

    /// <summary>It could not be recorded in time: no acknowledgement, so that the person sees it failed.</summary>
    public sealed record Unavailable : SlackAnswer;
}
