using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Teams;

/// <summary>What Teams is told about one activity ("Universal Action Model": response format).</summary>
internal abstract record TeamsAnswer
{
    private TeamsAnswer()
    {
    }

    /// <summary>The body; <c>null</c> when there is none.</summary>
    public virtual JsonObject? ToJson() => null;

    /// <summary>It was taken, and needs no answer.</summary>
    public sealed record Done : TeamsAnswer;

    /// <summary>The person who pressed sees this card in place of the one that they pressed.</summary>
    public sealed record Shown(JsonObject Card) : TeamsAnswer
    {
        public override JsonObject ToJson() =>
            Of(StatusCodes.Status200OK, "application/vnd.microsoft.card.adaptive", Card.DeepClone());
    }

    /// <summary>The person who pressed sees a sentence; the card stays.</summary>
    public sealed record Said(string Text) : TeamsAnswer
    {
        public override JsonObject ToJson() =>
            Of(StatusCodes.Status200OK, "application/vnd.microsoft.activity.message", JsonValue.Create(Text));
    }

    /// <summary>What was sent means nothing here.</summary>
    public sealed record Unknown : TeamsAnswer
    {
        public override JsonObject ToJson() => OfError(
            StatusCodes.Status400BadRequest, "BadRequest", "Countersign does not know this action.");
    }

    /// <summary>
    /// It could not be recorded in time. The HTTP status says so as well, so that nobody takes it for an
    /// acknowledgement.
    /// </summary>
    public sealed record Unavailable : TeamsAnswer
    {
        public override JsonObject ToJson() => OfError(
            StatusCodes.Status500InternalServerError,
            "InternalServerError",
            "Nothing is known to be recorded. Press again, or decide in the console.");
    }

    private static JsonObject OfError(int status, string code, string message) => Of(
        status, "application/vnd.microsoft.error", new JsonObject { ["code"] = code, ["message"] = message });

    private static JsonObject Of(int status, string type, JsonNode value) => new()
    {
        ["statusCode"] = status,
        ["type"] = type,
        ["value"] = value,
    };
}
