using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>One entry as the audit of the tables meets it.</summary>
/// <param name="Index">Where it is.</param>
/// <param name="Leaf">Its leaf, which the audit of the log has checked.</param>
/// <param name="Payload">What it says; <c>null</c> without the payload key, and when it does not open.</param>
internal sealed record KnownEntry(long Index, Leaf Leaf, JsonElement? Payload)
{
    /// <summary>The time as rows keep it.</summary>
    public long Ticks => Leaf.At.UtcTicks;

    public string? Text(string name) =>
        Payload is { } payload && payload.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    public long? Number(string name) =>
        Payload is { } payload && payload.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
            ? value.GetInt64()
            : null;

    public bool Has(string name) =>
        Payload is { } payload && payload.TryGetProperty(name, out var value)
        && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);
}

/// <summary>Opens the payloads of entries, and names those that do not open.</summary>
internal sealed class OpenPayloads(PayloadVault vault, Findings findings)
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1024 };

    public PayloadVault Vault => vault;

    public JsonElement? Open(long index, Leaf leaf, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> wrappedKey)
    {
        try
        {
            var payload = vault.Open(
                new SealedPayload(ciphertext.ToArray(), wrappedKey.ToArray()),
                SealedChange.Context(leaf.Type, leaf.Subject?.Action));
            return JsonElement.Parse(payload, Deep);
        }
        catch (StoreUnavailableException)
        {
            findings.Add($"The payload of entry {index} does not open with the payload key: its wrapped key was " +
                "damaged or exchanged.");
            return null;
        }
        catch (JsonException)
        {
            findings.Add($"The payload of entry {index} is not JSON.");
            return null;
        }
    }
}
