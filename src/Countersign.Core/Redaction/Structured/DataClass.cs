using System.Collections.Immutable;

namespace Countersign.Core.Redaction.Structured;

/// <summary>
/// What a label on a target stands for: kinds whose detectors run, and fields that are masked by name.
/// </summary>
public sealed record DataClass(ImmutableArray<DataKind> Kinds, ImmutableArray<string> Fields)
{
    private static readonly ImmutableArray<string> People =
    [
        "first_name", "last_name", "full_name", "surname", "given_name", "family_name", "maiden_name", "address",
        "street", "street_address", "address_line1", "address_line2", "postal_code", "postcode", "zip", "zip_code",
        "birth_date", "date_of_birth", "dob", "birthday", "ssn", "social_security_number", "passport",
        "passport_number", "driver_license", "email", "email_address", "phone", "phone_number", "mobile",
    ];

    private static readonly ImmutableArray<string> Cards =
        ["card", "card_number", "pan", "cvv", "cvc", "cvv2", "card_holder", "iban", "account_number"];

    private static readonly ImmutableArray<string> Patients =
        ["diagnosis", "medication", "patient_id", "medical_record_number", "mrn", "insurance_number", "blood_type"];

    private static readonly ImmutableArray<string> Credentials =
    [
        "password", "passwd", "secret", "client_secret", "api_key", "apikey", "access_token", "refresh_token",
        "id_token", "private_key", "authorization", "cookie", "set-cookie", "credentials", "connection_string",
    ];

    /// <summary>The labels that stand for a class.</summary>
    public static ImmutableArray<string> Labels { get; } = ["pii", "pci", "phi", "secrets"];

    /// <summary>
    /// The class of a label (<c>pii</c>, <c>pci</c>, <c>phi</c>, <c>secrets</c>); <c>null</c> for others.
    /// </summary>
    public static DataClass? Of(string label) => label switch
    {
        "pii" => new DataClass(KindsOf("personal", "national", "financial"), People),
        "pci" => new DataClass(KindsOf("financial"), Cards),
        "phi" => new DataClass(KindsOf("personal", "national"), [.. People, .. Patients]),
        "secrets" => new DataClass(KindsOf("secrets"), Credentials),
        _ => null,
    };

    /// <summary>The rules about the fields of the class.</summary>
    public ImmutableArray<FieldRule> Rules(Treatment treatment) =>
        [.. Fields.Select(field => new FieldRule.Named(field, treatment))];

    private static ImmutableArray<DataKind> KindsOf(params ReadOnlySpan<string> groups)
    {
        var kinds = ImmutableArray.CreateBuilder<DataKind>();
        foreach (var group in groups)
        {
            kinds.AddRange(DataKinds.Named(group));
        }

        return kinds.ToImmutable();
    }
}
