using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>
/// What browsers and servers say to each other about passkeys (WebAuthn section 5.1: the JSON forms of credentials and
/// of options). Members that say nothing here are ignored, because browsers add some.
/// </summary>
public static class PasskeyJson
{
    /// <summary>How long a browser waits for its person.</summary>
    private const int TimeoutMilliseconds = 120_000;

    private const int MaxTransports = 8;
    private const int MaxTransport = 32;

    /// <exception cref="FormatException">It is no registration.</exception>
    public static PasskeyRegistration ReadRegistration(JsonElement credential)
    {
        var response = ResponseOf(credential);
        return new PasskeyRegistration(
            IdOf(credential), Bytes(response, "clientDataJSON"), Bytes(response, "attestationObject"));
    }

    /// <summary>How the browser says it reaches the authenticator; whatever is no short text is left out.</summary>
    public static ImmutableArray<string> ReadTransports(JsonElement credential) =>
        ResponseOf(credential).TryGetProperty("transports", out var transports)
        && transports.ValueKind == JsonValueKind.Array
            ? [.. transports.EnumerateArray()
                .Where(item => item.ValueKind == JsonValueKind.String)
                .Select(item => item.GetString()!)
                .Where(text => text.Length <= MaxTransport && text.All(char.IsAsciiLetterLower))
                .Take(MaxTransports)]
            : [];

    /// <exception cref="FormatException">It is no assertion.</exception>
    public static PasskeyAssertion ReadAssertion(JsonElement credential)
    {
        var response = ResponseOf(credential);
        var hasHandle = response.TryGetProperty("userHandle", out var handle) && handle.ValueKind != JsonValueKind.Null;
        return new PasskeyAssertion(
            IdOf(credential),
            Bytes(response, "clientDataJSON"),
            Bytes(response, "authenticatorData"),
            Bytes(response, "signature"))
        {
            // A bare null would become a handle without bytes.
            UserHandle = hasHandle ? Bytes(response, "userHandle") : default(ReadOnlyMemory<byte>?),
        };
    }

    /// <summary>An assertion in the form that verifiers of WebAuthn take.</summary>
    public static void WriteAssertion(Utf8JsonWriter json, PasskeyAssertion assertion)
    {
        json.WriteStartObject();
        json.WriteString("id", assertion.Id.Value);
        json.WriteString("rawId", assertion.Id.Value);
        json.WriteString("type", "public-key");
        json.WriteStartObject("response");
        WriteBytes(json, "clientDataJSON", assertion.ClientDataJson);
        WriteBytes(json, "authenticatorData", assertion.AuthenticatorData);
        WriteBytes(json, "signature", assertion.Signature);
        if (assertion.UserHandle is { } handle)
        {
            WriteBytes(json, "userHandle", handle);
        }

        json.WriteEndObject();
        json.WriteStartObject("clientExtensionResults");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>What <c>navigator.credentials.create</c> is asked with.</summary>
    public static void WriteCreation(
        Utf8JsonWriter json, Ceremony ceremony, PasskeyUser user, IEnumerable<Passkey> present)
    {
        json.WriteStartObject();
        json.WriteStartObject("rp");
        json.WriteString("id", ceremony.Party.Id);
        json.WriteString("name", "Countersign");
        json.WriteEndObject();
        json.WriteStartObject("user");
        WriteBytes(json, "id", user.Handle);
        json.WriteString("name", user.Id.Value);
        json.WriteString("displayName", user.Name);
        json.WriteEndObject();
        json.WriteStartArray("pubKeyCredParams");
        foreach (var algorithm in CoseKey.Algorithms)
        {
            json.WriteStartObject();
            json.WriteString("type", "public-key");
            json.WriteNumber("alg", algorithm);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteCredentials(json, "excludeCredentials", present);
        json.WriteStartObject("authenticatorSelection");
        json.WriteString("residentKey", "required");
        json.WriteBoolean("requireResidentKey", true);
        json.WriteString("userVerification", "required");
        json.WriteEndObject();
        json.WriteString("attestation", "none");
        WriteCeremony(json, ceremony);
        json.WriteEndObject();
    }

    /// <summary>
    /// What <c>navigator.credentials.get</c> is asked with; without passkeys the person chooses one of theirs.
    /// </summary>
    public static void WriteRequest(Utf8JsonWriter json, Ceremony ceremony, IEnumerable<Passkey> allowed)
    {
        json.WriteStartObject();
        json.WriteString("rpId", ceremony.Party.Id);
        json.WriteString("userVerification", "required");
        WriteCredentials(json, "allowCredentials", allowed);
        WriteCeremony(json, ceremony);
        json.WriteEndObject();
    }

    internal static void WriteBytes(Utf8JsonWriter json, string name, ReadOnlyMemory<byte> bytes) =>
        json.WriteString(name, Base64Url.EncodeToString(bytes.Span));

    private static void WriteCeremony(Utf8JsonWriter json, Ceremony ceremony)
    {
        WriteBytes(json, "challenge", ceremony.Challenge);
        json.WriteNumber("timeout", TimeoutMilliseconds);
    }

    private static void WriteCredentials(Utf8JsonWriter json, string name, IEnumerable<Passkey> passkeys)
    {
        json.WriteStartArray(name);
        foreach (var passkey in passkeys)
        {
            json.WriteStartObject();
            json.WriteString("type", "public-key");
            json.WriteString("id", passkey.Id.Value);
            json.WriteStartArray("transports");
            foreach (var transport in passkey.Transports)
            {
                json.WriteStringValue(transport);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static JsonElement ResponseOf(JsonElement credential) =>
        credential.ValueKind == JsonValueKind.Object
        && credential.TryGetProperty("response", out var response)
        && response.ValueKind == JsonValueKind.Object
            ? response
            : throw new FormatException("The credential has no object 'response'.");

    private static CredentialId IdOf(JsonElement credential) => CredentialId.Of(Bytes(credential, "id"));

    private static byte[] Bytes(JsonElement json, string name) => Base64Text.Decode(
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null,
        $"credential's '{name}'");
}

/// <summary>A person as authenticators keep them: by a handle that names nobody.</summary>
public sealed record PasskeyUser(PersonId Id, string Name, ReadOnlyMemory<byte> Handle);
