using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>The approval that a vote returns, as it stands in payloads and answers.</summary>
public static class FavourPayload
{
    public static void Write(Utf8JsonWriter json, string name, Favour favour)
    {
        json.WriteStartObject(name);
        WriteMembers(json, favour);
        json.WriteEndObject();
    }

    public static void WriteMembers(Utf8JsonWriter json, Favour favour)
    {
        json.WriteString("by", favour.By.Value);
        json.WriteString("action", favour.Action.Value);
        json.WriteString("at", favour.At);
    }

    internal static Favour? Read(JsonElement payload, string name, PersonId of) =>
        payload.TryGetProperty(name, out var json)
            ? new Favour(
                new PersonId(json.GetProperty("by").GetString()!),
                of,
                ActionId.Parse(json.GetProperty("action").GetString()!),
                json.GetProperty("at").GetDateTimeOffset())
            : null;
}
