using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Teams;

/// <summary>One message as Teams takes it: a card, and the sentence for notifications.</summary>
internal sealed record TeamsMessage(string Summary, JsonObject Card)
{
    private const int MarkLength = 16;

    /// <summary>Names what it shows.</summary>
    public string Mark { get; } = Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Card.ToJsonString())))[..MarkLength];

    /// <param name="id">Of the activity that it replaces; <c>null</c> for a new one.</param>
    public JsonObject ToActivity(string? id = null)
    {
        var activity = new JsonObject
        {
            ["type"] = "message",
            ["summary"] = Summary,
            ["attachments"] = new JsonArray(new JsonObject
            {
                ["contentType"] = "application/vnd.microsoft.card.adaptive",
                ["content"] = Card.DeepClone(),
            }),
        };
        if (id is not null)
        {
            activity["id"] = id;
        }

        return activity;
    }
}
