using System.Collections.Immutable;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>Which words make a kind convincing.</summary>
internal static class Topics
{
    private static readonly ImmutableArray<Topic>[] ByKind = MakeByKind();

    public static ImmutableArray<Topic> Of(DataKind kind) => kind.Index < ByKind.Length ? ByKind[kind.Index] : [];

    private static ImmutableArray<Topic>[] MakeByKind()
    {
        var topics = new ImmutableArray<Topic>[DataKinds.All.Length];
        Array.Fill(topics, []);
        topics[DataKinds.Card.Index] = [Topic.Card];
        topics[DataKinds.Phone.Index] = [Topic.Phone];
        topics[DataKinds.DateOfBirth.Index] = [Topic.Birth];
        topics[DataKinds.Iban.Index] = [Topic.Account];
        topics[DataKinds.Ssn.Index] = [Topic.Social];
        topics[DataKinds.Nhs.Index] = [Topic.Health];
        topics[DataKinds.Pesel.Index] = [Topic.PolishId];
        topics[DataKinds.Cpf.Index] = [Topic.BrazilianId];
        topics[DataKinds.TaxIdDe.Index] = [Topic.GermanTax];
        topics[DataKinds.Nir.Index] = [Topic.FrenchId];
        topics[DataKinds.Dni.Index] = [Topic.SpanishId];
        topics[DataKinds.FiscalCodeIt.Index] = [Topic.ItalianId];
        topics[DataKinds.Aadhaar.Index] = [Topic.IndianId];
        topics[DataKinds.Bsn.Index] = [Topic.DutchId];
        topics[DataKinds.ResidentCn.Index] = [Topic.ChineseId];
        topics[DataKinds.IpAddress.Index] = [Topic.Machine];
        topics[DataKinds.MacAddress.Index] = [Topic.Machine];
        topics[DataKinds.AssignedSecret.Index] = [Topic.Secret, Topic.Password];
        return topics;
    }
}
