namespace Countersign.Core.Redaction.Scanning;

/// <summary>What the words before a value speak of.</summary>
internal enum Topic
{
    None,
    Card,
    Phone,
    Social,
    Birth,
    Account,
    Machine,
    Version,
    Health,
    PolishId,
    BrazilianId,
    GermanTax,
    FrenchId,
    SpanishId,
    ItalianId,
    IndianId,
    DutchId,
    ChineseId,
    Secret,
    Password,
    Key,
    Qualifier,
    Bearer,
    Basic,
    Identifier,
}
