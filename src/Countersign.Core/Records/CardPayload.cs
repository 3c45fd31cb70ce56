using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>The card as it goes into the <c>review.opened</c> entry: what reviewers were shown.</summary>
internal static class CardPayload
{
    public static void Write(Utf8JsonWriter json, Card card)
    {
        json.WriteStartObject("card");
        json.WriteString("environment", card.Environment);
        json.WriteString("headline", card.Headline);
        if (card.Preview is { } preview)
        {
            PayloadWriter.WritePreview(json, preview);
        }

        json.WriteString("exact", card.Exact);
        json.WriteNumber("bytes", card.ExactBytes);
        json.WriteStartArray("rules");
        foreach (var rule in card.Rules)
        {
            json.WriteStartObject();
            json.WriteString("id", rule.Id.Value);
            json.WriteString("reason", rule.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("agent", card.Asker.Agent.Value);
        json.WriteString("on_behalf_of", card.Asker.OnBehalfOf?.Value);
        json.WriteString("target", card.Target.Value);
        json.WriteString("via", card.Via.ToText());
        json.WriteString("claimed_reason", card.Claimed.Reason);
        json.WriteString("digest", card.Digest.Value);
        json.WriteEndObject();
    }
}
