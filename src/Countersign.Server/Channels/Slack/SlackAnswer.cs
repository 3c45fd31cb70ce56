using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Slack;

/// <summary>What Slack is told about one interaction.</summary>
internal abstract record SlackAnswer
{
    private SlackAnswer()
    {
    }

    /// <summary>What the acknowledgement carries; <c>null</c> when it is empty.</summary>
    public virtual JsonObject? ToJson() => null;

    /// <summary>It is recorded, or there was nothing to record.</summary>
    public sealed record Done : SlackAnswer;

    /// <summary>A modal stays open and shows what is wrong beside its input.</summary>
    public sealed record Invalid(string BlockId, string Why) : SlackAnswer
    {
        public override JsonObject ToJson() => new()
        {
            ["response_action"] = "errors",
            ["errors"] = new JsonObject { [BlockId] = Why },
        };
    }

    /// <summary>A modal shows what became of it.</summary>
    public sealed record Shown(JsonObject View) : SlackAnswer
    {
        public override JsonObject ToJson() => new()
        {
            ["response_action"] = "update",
            ["view"] = View.DeepClone(),
        };
    }

    /// <summary>It could not be recorded in time: no acknowledgement, so that the person sees it failed.</summary>
    public sealed record Unavailable : SlackAnswer;
}
