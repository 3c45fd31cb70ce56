using System.Buffers.Text;
using System.Text.Json;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Reviews;

namespace Countersign.Core.Records;

/// <summary>
/// A signed decision in the payload of its <c>review.vote</c> entry and in the API. <c>credential</c> is the JSON that
/// every verifier of WebAuthn takes.
/// </summary>
public static class SignaturePayload
{
    public static void Write(Utf8JsonWriter json, SignedDecision signed)
    {
        json.WriteStartObject("assertion");
        PasskeyJson.WriteBytes(json, "statement", signed.Statement);
        json.WritePropertyName("credential");
        PasskeyJson.WriteAssertion(json, signed.Assertion);
        PasskeyJson.WriteBytes(json, "public_key", signed.PublicKey);
        json.WriteNumber("enrolled", signed.Enrolled);
        json.WriteString("relying_party", signed.Party.Id);
        PayloadWriter.WriteStrings(json, "origins", signed.Party.Origins);
        json.WriteEndObject();
    }

    /// <summary>
    /// A statement to sign, with what the browser's authenticator has to be asked for it. An answer has the same
    /// <c>statement</c> and <c>seal</c>, and the browser's <c>credential</c>.
    /// </summary>
    public static void WriteStatement(
        Utf8JsonWriter json, SealedStatement sealedStatement, RelyingParty party, IEnumerable<Passkey> passkeys)
    {
        json.WriteStartObject();
        PasskeyJson.WriteBytes(json, "statement", sealedStatement.Statement);
        PasskeyJson.WriteBytes(json, "seal", sealedStatement.Seal);
        json.WritePropertyName("options");
        var challenge = DecisionStatement.ChallengeOf(sealedStatement.Statement.Span);
        PasskeyJson.WriteRequest(json, new Ceremony(party, challenge), passkeys);
        json.WriteEndObject();
    }

    /// <exception cref="FormatException">It is no signed answer.</exception>
    public static SignedAnswer ReadAnswer(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("credential", out var credential)
            ? new SignedAnswer(
                new SealedStatement(Given(json, "statement"), Given(json, "seal")),
                PasskeyJson.ReadAssertion(credential))
            : throw new FormatException("A signed answer has the members statement, seal and credential.");

    /// <summary>What a vote's payload holds of it; <c>null</c> when the vote was not signed.</summary>
    internal static SignedDecision? Read(JsonElement vote) => vote.TryGetProperty("assertion", out var signed)
        ? new SignedDecision(
            Bytes(signed, "statement"),
            PasskeyJson.ReadAssertion(signed.GetProperty("credential")),
            Bytes(signed, "public_key"),
            signed.GetProperty("enrolled").GetInt64(),
            new RelyingParty(
                signed.GetProperty("relying_party").GetString()!,
                [.. signed.GetProperty("origins").EnumerateArray().Select(origin => origin.GetString()!)]))
        : null;

    private static byte[] Given(JsonElement json, string name) => Base64Text.Decode(
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null,
        $"assertion's '{name}'");

    private static byte[] Bytes(JsonElement json, string name) =>
        Base64Url.DecodeFromChars(json.GetProperty(name).GetString());
}
