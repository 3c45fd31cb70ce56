using System.Buffers.Text;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Storage;

namespace Countersign.Core.Records;

/// <summary>The payloads of <c>credential.enrolled</c> and <c>credential.revoked</c>.</summary>
internal static class PasskeyPayload
{
    private const string ByAdmin = "admin";
    private const string ByOperator = "operator";

    /// <summary>
    /// All that verifying a signature years later takes, and all that the authenticator and the browser said.
    /// </summary>
    public static byte[] Enrolled(
        Person person, EnrolmentProof proof, NewPasskey asked, AuthenticatorData said, RelyingParty party) =>
        PayloadWriter.Write(json =>
        {
            var credential = said.Credential!;
            json.WriteString("person", person.Id.Value);
            json.WriteString("signed_in", proof.SignedIn.ToText());
            json.WriteString("vouched_by", WordOf(proof.Vouched));
            json.WriteString("vouched_by_admin", proof.Vouched?.Admin?.Value);
            json.WriteString("name", asked.Name);
            json.WriteString("credential_id", credential.Id.Value);
            PasskeyJson.WriteBytes(json, "public_key", credential.EncodedKey);
            json.WriteNumber("algorithm", credential.Key.Algorithm);
            json.WriteString("model", Convert.ToHexStringLower(credential.Model.Span));
            json.WriteNumber("sign_count", said.SignCount);
            json.WriteBoolean("backup_eligible", said.IsBackupEligible);
            json.WriteBoolean("backed_up", said.IsBackedUp);
            PayloadWriter.WriteStrings(json, "transports", asked.Transports);
            json.WriteString("relying_party", party.Id);
            PasskeyJson.WriteBytes(json, "client_data_json", asked.Registration.ClientDataJson);
            PasskeyJson.WriteBytes(json, "attestation_object", asked.Registration.AttestationObject);
        });

    public static byte[] Revoked(Passkey passkey, PersonId by, string? comment) => PayloadWriter.Write(json =>
    {
        json.WriteString("person", passkey.Person.Value);
        json.WriteString("by", by.Value);
        json.WriteString("comment", comment);
        json.WriteString("credential_id", passkey.Id.Value);
        json.WriteNumber("enrolled", passkey.Entry);
    });

    /// <summary>The passkey of a row; <c>null</c> when its payload was erased: then nobody can use it.</summary>
    public static Passkey? Read(PasskeyRow row)
    {
        if (row.Payload is not { } payload)
        {
            return null;
        }

        using var document = JsonDocument.Parse(payload);
        var json = document.RootElement;
        return new Passkey(
            CredentialId.Parse(json.GetProperty("credential_id").GetString()!),
            row.Person,
            Base64Url.DecodeFromChars(json.GetProperty("public_key").GetString()),
            row.Entry)
        {
            Name = json.GetProperty("name").GetString()!,
            EnrolledAt = row.At,
            SignCount = row.SignCount,
            IsSynced = json.GetProperty("backup_eligible").GetBoolean(),
            Transports = [.. json.GetProperty("transports").EnumerateArray().Select(item => item.GetString()!)],
            Vouched = VouchedOf(json),
        };
    }

    private static string? WordOf(Vouched? vouched) =>
        vouched is null ? null : vouched.Admin is null ? ByOperator : ByAdmin;

    /// <summary>Entries of the first versions do not have it: then nobody had to vouch.</summary>
    private static Vouched? VouchedOf(JsonElement json) =>
        !json.TryGetProperty("vouched_by", out var by) || by.ValueKind == JsonValueKind.Null
            ? null
            : new Vouched(json.GetProperty("vouched_by_admin").GetString() is { } admin ? new PersonId(admin) : null);
}

/// <summary>What says that it was really the person who enrolled a passkey.</summary>
/// <param name="SignedIn">How strong their sign-in was.</param>
/// <param name="Vouched">Who vouched for them besides; <c>null</c> when the sign-in was strong enough.</param>
internal sealed record EnrolmentProof(Assurance SignedIn, Vouched? Vouched);
