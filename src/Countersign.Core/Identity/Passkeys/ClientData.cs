using System.Buffers.Text;
using System.Text.Json;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>What the browser says it asked the authenticator for (WebAuthn section 5.8.1).</summary>
internal sealed record ClientData(string Type, string Challenge, string Origin, bool IsCrossOrigin)
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <exception cref="FormatException">The bytes are not the JSON of client data.</exception>
    public static ClientData Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            var root = document.RootElement;
            return new ClientData(Text(root, "type"), Text(root, "challenge"), Text(root, "origin"), IsForeign(root));
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw new FormatException("The browser's client data is not the JSON that WebAuthn describes.");
        }
    }

    /// <summary>Why this answers another question than the one that was asked; <c>null</c> when it does not.</summary>
    public string? WhyNot(string type, Ceremony ceremony) => 0 switch
    {
        _ when Type != type => $"It is of type '{Type}', and '{type}' was asked for.",
        _ when Challenge != Base64Url.EncodeToString(ceremony.Challenge.Span) =>
            "It answers another challenge than this one.",
        _ when !ceremony.Party.Origins.Contains(Origin, StringComparer.Ordinal) =>
            $"It was made on a page of another origin than {string.Join(" or ", ceremony.Party.Origins)}.",
        _ when IsCrossOrigin => "It was made inside a page of somebody else.",
        _ => null,
    };

    /// <summary>The challenge that it answers.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public byte[] ReadChallenge() => Base64Text.Decode(Challenge, "challenge of the client data");

    private static string Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FormatException($"The browser's client data has no text '{name}'.");

    /// <summary>A top origin is only there in a frame of somebody else; in doubt it is one.</summary>
    private static bool IsForeign(JsonElement root) =>
        root.TryGetProperty("topOrigin", out _)
        || (root.TryGetProperty("crossOrigin", out var crosses) && crosses.ValueKind != JsonValueKind.False);
}
