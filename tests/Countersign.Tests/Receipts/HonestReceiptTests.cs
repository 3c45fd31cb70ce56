using System.Text;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Core;

namespace Countersign.Tests.Receipts;

public sealed class HonestReceiptTests : ReceiptTests
{
    [Fact]
    public async Task An_approved_action_verifies_and_says_who_decided_what()
    {
        var receipt = await MakeAsync(await ApprovedActionAsync());
        var report = Verify(receipt);
        Vectors.Keep("approved", receipt);

        AssertVerified(report);
        Assert.Contains(report.Story, line => line.Contains("alice: approve (session, gateway-attested)"));
        Assert.Contains(report.Story, line => line.Contains("Held: a rule of the policy asks for people."));
        Assert.Contains(report.Steps[7].NotProved, text => text.Contains("the gateway's word"));
        Assert.Contains(report.Steps[10].Proved, text => text.Contains("approved by alice"));
        Assert.Contains(report.Steps[11].Proved, text => text.Contains("'succeeded'"));
    }

    [Fact]
    public async Task Signed_votes_are_proved_step_by_step_and_a_refused_attempt_counts_for_nothing()
    {
        var receipt = await MakeAsync(await SignedActionAsync());
        var report = Verify(receipt);
        Vectors.Keep("signed", receipt);

        AssertVerified(report);
        Assert.All(report.Steps.Where(step => step.Number != 10), step => Assert.NotEmpty(step.Proved));
        Assert.Contains(report.Steps[9].NotProved, text => text.Contains("revoked"));
        Assert.Contains(report.Story, line => line.Contains("lead tried to approve and was refused"));
        Assert.Contains(report.Steps[10].Proved, text => text.Contains("approved by alice, bob."));
    }

    [Fact]
    public async Task Denied_allowed_refused_withdrawn_and_expired_actions_verify()
    {
        var denied = await Host.HoldAsync(CoreHost.AskDetached("write"));
        await Host.VoteAsync(denied, CoreHost.Bob, Decision.Deny);
        AssertVerified(Verify(await MakeNowAsync(denied)));
        Vectors.Keep("denied", await MakeNowAsync(denied));

        await using (var allowed = Host.Call(CoreHost.Ask("read")))
        {
            var record = Assert.IsType<Answer.Ended>(await allowed.AnswerAsync()).Record;
            AssertVerified(Verify(await MakeNowAsync(record)));
        }

        await using (var peeked = Host.Call(CoreHost.Ask("peek")))
        {
            var record = Assert.IsType<Answer.Ended>(await peeked.AnswerAsync()).Record;
            AssertVerified(Verify(await MakeNowAsync(record)));
            Vectors.Keep("allowed", await MakeNowAsync(record));
        }

        var refused = Assert.IsType<Admission.Refused>(await Host.AdmitAsync(CoreHost.Ask("drop"))).Record;
        AssertVerified(Verify(await MakeNowAsync(refused)));

        var expired = await Host.HoldAsync(CoreHost.AskDetached("late"));
        Host.Time.Advance(TimeSpan.FromDays(1));
        await Host.SweepAsync();
        var report = Verify(await MakeNowAsync(expired));
        AssertVerified(report);
        Assert.Contains(report.Steps[11].Proved, text => text == "Nothing was executed.");
    }

    [Fact]
    public async Task An_action_that_a_stop_ended_holds_the_entry_of_the_stop()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        await Host.Agents.StopAsync(CoreHost.BotId, CoreHost.Alice, "enough", Host.Cancel);

        var receipt = await MakeNowAsync(held);
        var report = Verify(receipt);

        AssertVerified(report);
        Vectors.Keep("stopped", receipt);
        Assert.Equal(EntryType.AgentStopped, receipt.Entries[^1].Leaf.Type);
        Assert.Contains(report.Story, line => line.Contains("enough"));
    }

    [Fact]
    public async Task Uses_of_one_approval_are_counted()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        await using var first = Host.Call(CoreHost.Ask());
        var held = await first.HeldAsync();
        await Host.VoteAsync(held, CoreHost.Alice);
        await first.AnswerAsync();
        AssertVerified(Verify(await MakeNowAsync(held)));
        await Host.DeliverAsync(await Host.ReadAsync(held));
        await using var second = Host.Call(CoreHost.Ask());
        await second.AnswerAsync();

        var receipt = await MakeNowAsync(held);
        AssertVerified(Verify(receipt));
        Vectors.Keep("uses", receipt);
        Assert.Equal(2, receipt.Entries.Count(entry => entry.Leaf.Type == EntryType.ExecutionIntent));
    }

    [Fact]
    public async Task A_changed_request_shows_the_card_of_each_revision()
    {
        await Host.PutInForceAsync(Demand.OneDba);
        await EnrolAsync(CoreHost.Bob, Bobs);
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        var changed = await Host.Revisions.ReviseAsync(
            held.Id,
            new Voter(CoreHost.Alice, Assurance.Session),
            new Revision(held.Action.Digest, CoreHost.Ask("write", """{"n":2}"""), "two will do"),
            Host.Cancel);
        var second = Assert.IsType<RevisionAnswer.Recorded>(changed).Record;
        await SignAsync(second, CoreHost.Bob, Bobs);
        await Host.DrainAsync();

        var receipt = await MakeNowAsync(held);
        var report = Verify(receipt);

        AssertVerified(report);
        Vectors.Keep("modified", receipt);
        Assert.Contains(report.Steps[3].Proved, text => text.Contains(second.Action.Digest.Value));
    }

    [Fact]
    public async Task A_receipt_of_what_has_not_ended_says_so()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        AssertDoubts(Verify(await MakeAsync(held)), Doubt.NotEnded);
    }

    [Fact]
    public async Task What_is_not_disclosed_is_still_proved_to_be_an_entry_of_the_log()
    {
        var record = await ApprovedActionAsync();
        var receipt = await Maker.MakeAsync(
            record, (leaf, _) => leaf.Type != EntryType.ReviewVote, Host.Cancel);
        var report = Verify(receipt);

        AssertDoubts(report, Doubt.PayloadMissing);
        var vote = receipt.Entries.Single(entry => entry.Leaf.Type == EntryType.ReviewVote);
        Assert.Contains(report.Steps[1].Proved, text => text.StartsWith($"Entry {vote.Index} is review.vote"));
    }

    [Fact]
    public async Task The_tlog_proof_of_an_entry_verifies_and_a_changed_one_does_not()
    {
        var receipt = await MakeAsync(await ApprovedActionAsync());
        var proof = TlogProof.Of(receipt, receipt.Entries[1].Index)!;
        var file = proof.ToBytes();
        AssertVerified(TlogProofCheck.Run(file, [Host.LogKey]));
        AssertDoubts(TlogProofCheck.Run(file, []), Doubt.NoTrust);
        Assert.Null(TlogProof.Of(receipt, 10_000));
        for (var i = 0; i < file.Length; i++)
        {
            var changed = file.ToArray();
            changed[i] ^= 1;
            Assert.False(TlogProofCheck.Run(changed, [Host.LogKey]).IsVerified, $"Byte {i} can be changed.");
        }
    }

    [Fact]
    public async Task Without_a_trusted_key_it_is_self_consistent_only()
    {
        var receipt = await MakeAsync(await ApprovedActionAsync());
        var report = new ReceiptVerifier([]).Verify(receipt.ToBytes());
        AssertDoubts(report, Doubt.NoTrust);
        Assert.True(report.IsSelfConsistent);
        Assert.False(report.IsVerified);
    }

    [Fact]
    public async Task Bidi_text_in_what_was_asked_is_shown_as_what_it_is()
    {
        var receipt = await MakeAsync(await SignedActionAsync("""{"text":"safe\u202Ednat"}"""));
        Assert.Contains("\u202E", Encoding.UTF8.GetString(receipt.ToBytes()));
        AssertVerified(Verify(receipt));
    }
}
