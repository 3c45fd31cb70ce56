using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core.Receipts;

/// <summary>One answer of a person, as its entry says it.</summary>
internal sealed class SaidVote(SaidEntry entry)
{
    public SaidEntry Entry { get; } = entry;

    public string Person { get; } = entry.Text("person");

    /// <summary>Whose place it fills: that of who is away, or the person's own.</summary>
    public string Place { get; } = entry.OptionalText("in_place_of") ?? entry.Text("person");

    public Decision Decision { get; } = PayloadNames.Parse<Decision>(entry.Text("decision"));

    public Assurance Assurance { get; } = PayloadNames.Parse<Assurance>(entry.Text("assurance"));

    public string Digest { get; } = entry.Text("digest");

    public SignedDecision? Signed { get; } = SignaturePayload.Read(entry.Said);

    /// <summary>The person, and for whom.</summary>
    public string Name => Place == Person ? Person : $"{Person} for {Place}";

    public bool Approves => Decision == Decision.Approve;

    /// <summary>What the vote is worth to somebody who trusts nobody's word.</summary>
    public string Label => (Signed, Assurance) switch
    {
        (not null, _) => "signed-by-approver",
        (_, Assurance.Chat) => "platform-attested",
        _ => "gateway-attested",
    };
}
