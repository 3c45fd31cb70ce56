using System.Text.Json;
using Countersign.Core.Actions;

namespace Countersign.Core.Records;

/// <summary>The parts of payloads that the API shows as they are.</summary>
public static class PayloadJson
{
    /// <summary>Writes <c>"facts": {…}</c>.</summary>
    public static void Facts(Utf8JsonWriter json, ActionRecord record) => PayloadWriter.WriteFacts(json, record.Facts);

    /// <summary>The preview of an action as the API shows it; <c>null</c> when its gate made none.</summary>
    public static Preview? PreviewOf(JsonElement action) =>
        action.TryGetProperty("preview", out var preview) && preview.ValueKind == JsonValueKind.Object
            ? PayloadReader.Preview(action)
            : null;

    /// <summary>Writes <c>"changes": […]</c> when people changed what was asked.</summary>
    public static void Changes(Utf8JsonWriter json, ActionRecord record) =>
        PayloadWriter.WriteChanges(json, record.Changes);

    /// <summary>
    /// Writes <c>"preview": {…}</c>, or null when the gate made none. Readers of the API always find a list of
    /// cascades; the ledger keeps whether anybody said that there are none.
    /// </summary>
    public static void Preview(Utf8JsonWriter json, ActionRecord record)
    {
        if (record.Preview is { } preview)
        {
            PayloadWriter.WritePreview(json, preview with { Cascades = preview.Cascades ?? [] });
        }
        else
        {
            json.WriteNull("preview");
        }
    }
}
