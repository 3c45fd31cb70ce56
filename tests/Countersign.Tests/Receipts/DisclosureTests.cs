using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;

namespace Countersign.Tests.Receipts;

public sealed class DisclosureTests : ReceiptTests
{
    [Fact]
    public async Task An_agent_is_not_told_which_devices_sign_and_who_tried_what()
    {
        var record = await SignedActionAsync();

        var receipt = await Maker.MakeAsync(record, Disclosures.ForAgent(isStopped: false), Host.Cancel);

        var text = Encoding.UTF8.GetString(receipt.ToBytes());
        Assert.DoesNotContain("assertion", text, StringComparison.Ordinal);
        Assert.DoesNotContain("credential_id", text, StringComparison.Ordinal);
        Assert.DoesNotContain("self-approval", text, StringComparison.Ordinal);
        AssertDoubts(Verify(receipt), Doubt.PayloadMissing);
        Assert.All(
            receipt.Entries.Where(entry => entry.Leaf.Type == EntryType.ReviewVote), vote => Assert.Null(vote.Payload));
    }

    [Fact]
    public async Task A_stopped_agent_gets_no_result_from_a_receipt_either()
    {
        var record = await ApprovedActionAsync();

        var receipt = await Maker.MakeAsync(record, Disclosures.ForAgent(isStopped: true), Host.Cancel);

        Assert.Null(receipt.Entries.Single(entry => entry.Leaf.Type == EntryType.ExecutionOutcome).Payload);
        Assert.NotNull(receipt.Entries.Single(entry => entry.Leaf.Type == EntryType.ExecutionIntent).Payload);
    }

    [Fact]
    public async Task What_a_receipt_holds_is_only_of_its_own_action()
    {
        var other = await Host.HoldAsync(Tests.Core.CoreHost.AskDetached("other"));
        var record = await SignedActionAsync();

        var receipt = await MakeAsync(record);

        Assert.DoesNotContain(other.Id.Value, Encoding.UTF8.GetString(receipt.ToBytes()), StringComparison.Ordinal);
        Assert.Equal(
            [EntryType.CredentialEnrolled, EntryType.CredentialEnrolled],
            receipt.Entries.Where(entry => entry.Leaf.Subject?.Action != record.Id).Select(entry => entry.Leaf.Type));
        Assert.Equal(record.Id, receipt.Action);
        Assert.Equal(ActionState.Succeeded, record.State);
    }
}
