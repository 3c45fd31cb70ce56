using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Core;
using Countersign.Tests.Identity.Passkeys;

namespace Countersign.Tests.Receipts;

/// <summary>
/// Two good signatures of one person are one approval. The gateway refuses the second; here its operator records it as
/// if it were somebody else's place.
/// </summary>
public sealed class TwoKeysTests : ReceiptTests
{
    private readonly TestAuthenticator _second = new();

    public override async ValueTask DisposeAsync()
    {
        _second.Dispose();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Two_approvals_by_one_person_with_two_keys_are_one()
    {
        await Host.PutInForceAsync(Demand.TwoDbas);
        await EnrolAsync(CoreHost.Alice, Alices);
        await EnrolAsync(CoreHost.Alice, _second);
        await EnrolAsync(CoreHost.Bob, Bobs);
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        var again = Host.Passkeys.StatementFor(held, CoreHost.Alice, Decision.Approve);
        await SignAsync(held, CoreHost.Alice, Alices);
        await SignAsync(held, CoreHost.Bob, Bobs);
        await Host.DrainAsync();
        var receipt = await MakeNowAsync(held);
        AssertVerified(Verify(receipt));

        using var log = new ForgedLog(receipt);
        var keys = await Host.Passkeys.ListAsync(CoreHost.Alice, Host.Cancel);
        var lie = SignedAgain(receipt, again, keys.Single(key => key.Id == CredentialId.Of(_second.Id)));
        log.Change(EntryType.ReviewVote, entry => entry with { Json = lie }, 1)
            .Change(EntryType.CredentialEnrolled, _ => null, log.Count(EntryType.CredentialEnrolled) - 1);
        var enrolment = (await Host.PayloadsOfAsync(EntryType.CredentialEnrolled))[1];
        log.Add(enrolment.Index, new Forged(
            EntryType.CredentialEnrolled, held.CreatedAt, Subject: null, enrolment.Payload.GetRawText()));

        var report = log.Verify();

        AssertDoubts(report, Doubt.TooFewVotes);
        Assert.Equal(2, report.Steps[7].Proved.Length);
    }

    /// <summary>The payload of Alice's vote, signed with her other key.</summary>
    private string SignedAgain(Receipt receipt, SealedStatement statement, Passkey key)
    {
        var vote = receipt.Entries.First(entry => entry.Leaf.Type == EntryType.ReviewVote);
        var json = JsonNode.Parse(vote.Payload!.Json.Span)!.AsObject();
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            SignaturePayload.Write(writer, new SignedDecision(
                statement.Statement,
                _second.Assert(DecisionStatement.ChallengeOf(statement.Statement.Span)),
                key.PublicKey,
                key.Entry,
                TestAuthenticator.Party));
            writer.WriteEndObject();
        }

        var signed = JsonNode.Parse(buffer.ToArray())!.AsObject();
        json["assertion"] = signed["assertion"]!.DeepClone();
        return Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(json));
    }
}
