using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>The card as it goes into the <c>review.opened</c> entry: what reviewers were shown.</summary>
internal static class CardPayload
{
    private static ReadOnlySpan<byte> Label => "countersign-card-v1\n"u8;

    /// <summary>
    /// What identifies a card: SHA-256 over a label and the canonical form (RFC 8785) of the entry's <c>card</c>, so
    /// that whoever has the entry can compute it.
    /// </summary>
    public static string DigestOf(Card card)
    {
        var payload = PayloadWriter.Write(json => Write(json, card));
        return CanonicalJson.TryCanonicalize(payload, JsonLimits.Unbounded, out var canonical, out var refusal)
            && canonical.TryGetMember("card", out var document)
            ? DigestOf(document)
            : throw new InvalidOperationException($"The card has no canonical form: {refusal?.Message}");
    }

    /// <summary>The same of a card that was read from its entry.</summary>
    public static string DigestOf(CanonicalJson card) =>
        $"sha256:{Convert.ToHexStringLower(SHA256.HashData([.. Label, .. card.Bytes.Span]))}";

    public static void Write(Utf8JsonWriter json, Card card)
    {
        json.WriteStartObject("card");
        json.WriteString("environment", card.Environment);
        json.WriteString("headline", card.Headline);
        if (card.Preview is { } preview)
        {
            PayloadWriter.WritePreview(json, preview);
        }

        PayloadWriter.WriteFacts(json, card.Facts);
        json.WriteString("exact", card.Exact.Bytes.Span);
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
