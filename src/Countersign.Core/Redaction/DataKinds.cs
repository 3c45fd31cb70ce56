using System.Collections.Immutable;
using Countersign.Core.Redaction.Secrets;

namespace Countersign.Core.Redaction;

/// <summary>Every kind that has a detector of its own.</summary>
public static class DataKinds
{
    private static readonly List<DataKind> Listed = [];

    internal static readonly DataKind Email = Add("email", "EMAIL_ADDRESS", DataGroup.Personal);
    internal static readonly DataKind Phone = Add("phone", "PHONE_NUMBER", DataGroup.Personal);
    internal static readonly DataKind DateOfBirth = Add("date-of-birth", "DATE_OF_BIRTH", DataGroup.Personal);
    internal static readonly DataKind Card = Add("card", "CREDIT_CARD", DataGroup.Financial);
    internal static readonly DataKind Iban = Add("iban", "IBAN_CODE", DataGroup.Financial);
    internal static readonly DataKind Ssn = Add("us-ssn", "US_SSN", DataGroup.National);
    internal static readonly DataKind Nhs = Add("gb-nhs", "UK_NHS", DataGroup.National);
    internal static readonly DataKind Pesel = Add("pl-pesel", "PL_PESEL", DataGroup.National);
    internal static readonly DataKind Cpf = Add("br-cpf", "BR_CPF", DataGroup.National);
    internal static readonly DataKind TaxIdDe = Add("de-tax-id", "DE_TAX_ID", DataGroup.National);
    internal static readonly DataKind Nir = Add("fr-nir", "FR_NIR", DataGroup.National);
    internal static readonly DataKind Dni = Add("es-dni", "ES_NIF", DataGroup.National);
    internal static readonly DataKind FiscalCodeIt = Add("it-fiscal-code", "IT_FISCAL_CODE", DataGroup.National);
    internal static readonly DataKind Aadhaar = Add("in-aadhaar", "IN_AADHAAR", DataGroup.National);
    internal static readonly DataKind Bsn = Add("nl-bsn", "NL_BSN", DataGroup.National);
    internal static readonly DataKind ResidentCn = Add("cn-resident-id", "CN_RESIDENT_ID", DataGroup.National);
    internal static readonly DataKind IpAddress = Add("ip", "IP_ADDRESS", DataGroup.Network);
    internal static readonly DataKind MacAddress = Add("mac", "MAC_ADDRESS", DataGroup.Network);
    internal static readonly DataKind Url = Add("url", "DOMAIN_NAME", DataGroup.Network);
    internal static readonly DataKind Domain = Add("domain", "DOMAIN_NAME", DataGroup.Network);
    internal static readonly DataKind PrivateKey = Add("private-key", "PRIVATE_KEY", DataGroup.Secrets);
    internal static readonly DataKind Jwt = Add("jwt", "JWT", DataGroup.Secrets);
    internal static readonly DataKind UrlCredentials = Add("url-credentials", "URL_CREDENTIALS", DataGroup.Secrets);
    internal static readonly DataKind Authorization = Add("authorization", "AUTHORIZATION", DataGroup.Secrets);
    internal static readonly DataKind AssignedSecret = Add("assigned-secret", "SECRET", DataGroup.Secrets);

    /// <summary>
    /// The kinds in the order of their table: those above, then one for each row of the token tables.
    /// </summary>
    public static ImmutableArray<DataKind> All { get; } = WithTokens();

    /// <summary>The names that stand for several kinds.</summary>
    public static ImmutableArray<string> Groups { get; } =
        ["personal", "financial", "national", "network", "secrets", "all"];

    private static Dictionary<string, DataKind> ByName { get; } = All.ToDictionary(kind => kind.Name);

    /// <summary>
    /// The kinds that a name or a group's name (<c>secrets</c>, <c>all</c>, …) stands for; none if unknown.
    /// </summary>
    public static ImmutableArray<DataKind> Named(string name) =>
        name == "all" ? All
        : ByName.TryGetValue(name, out var kind) ? [kind]
        : Enum.TryParse<DataGroup>(name, ignoreCase: true, out var group) && !char.IsAsciiDigit(name[0])
            ? [.. All.Where(each => each.Group == group)]
            : [];

    private static DataKind Add(string name, string label, DataGroup group)
    {
        var kind = new DataKind(name, label, group, Listed.Count);
        Listed.Add(kind);
        return kind;
    }

    private static ImmutableArray<DataKind> WithTokens()
    {
        foreach (var row in TokenTable.Rows)
        {
            Add(row.Name, row.Name.ToUpperInvariant().Replace('-', '_'), DataGroup.Secrets);
        }

        return [.. Listed];
    }
}
