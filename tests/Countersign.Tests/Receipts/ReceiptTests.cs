using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Core;
using Countersign.Tests.Identity.Passkeys;

namespace Countersign.Tests.Receipts;

/// <summary>Receipts of what really happened, from a real store.</summary>
public abstract class ReceiptTests : CoreTests
{
    private static readonly byte[] s_challenge = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    private protected TestAuthenticator Alices { get; } = new();

    private protected TestAuthenticator Bobs { get; } = new();

    public override async ValueTask DisposeAsync()
    {
        Alices.Dispose();
        Bobs.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected ReceiptMaker Maker => new(Host.Archive);

    private protected Task<Receipt> MakeAsync(ActionRecord record) =>
        Maker.MakeAsync(record, Disclosures.Everything, Host.Cancel);

    private protected async Task<Receipt> MakeNowAsync(ActionRecord record) =>
        await MakeAsync(await Host.ReadAsync(record));

    private protected ReceiptReport Verify(Receipt receipt) =>
        new ReceiptVerifier([Host.LogKey]).Verify(receipt.ToBytes());

    /// <summary>Whether it verifies, with everything that speaks against it.</summary>
    private protected static void AssertVerified(ReceiptReport report) =>
        Assert.Empty(report.Doubts.Select(found => $"{found.Doubt}: {found.Text}"));

    private protected static void AssertDoubts(ReceiptReport report, params Doubt[] expected) => Assert.Equal(
        expected.Order(), report.Doubts.Select(found => found.Doubt).Distinct().Order());

    /// <summary>Approved with two signatures, executed, with an attempt of the owner in between.</summary>
    private protected async Task<ActionRecord> SignedActionAsync(string arguments = """{"n":1}""")
    {
        await Host.PutInForceAsync(Demand.TwoDbas);
        await EnrolAsync(CoreHost.Alice, Alices);
        await EnrolAsync(CoreHost.Bob, Bobs);
        var held = await Host.HoldAsync(CoreHost.Ask("write", arguments) with { Via = GateKind.Api });
        Host.SetOwner(CoreHost.Lead);
        await Host.VoteAsync(held, CoreHost.Lead);
        await SignAsync(held, CoreHost.Alice, Alices);
        await SignAsync(held, CoreHost.Bob, Bobs);
        await Host.DrainAsync();
        return await Host.ReadAsync(held);
    }

    private protected async Task<ActionRecord> ApprovedActionAsync()
    {
        var held = await Host.HoldAsync(CoreHost.AskDetached());
        await Host.VoteAsync(held, CoreHost.Alice);
        await Host.DrainAsync();
        return await Host.ReadAsync(held);
    }

    private protected async Task EnrolAsync(PersonId person, TestAuthenticator authenticator) =>
        Assert.IsType<PasskeyAnswer.Done>(await Host.Passkeys.EnrolAsync(
            new Voter(person, Assurance.Session),
            new NewPasskey("Key", s_challenge, authenticator.Register(s_challenge)),
            Host.Cancel));

    private protected async Task SignAsync(
        ActionRecord held, PersonId person, TestAuthenticator authenticator, Decision decision = Decision.Approve)
    {
        var statement = Host.Passkeys.StatementFor(held, person, decision);
        var challenge = DecisionStatement.ChallengeOf(statement.Statement.Span);
        Assert.IsType<DeskAnswer.Recorded>(await Host.Desk.VoteAsync(
            held.Id,
            new Voter(person, Assurance.Token),
            new Ballot(decision, held.Action.Digest, Comment: null)
            {
                Signature = new SignedAnswer(statement, authenticator.Assert(challenge)),
            },
            Host.Cancel));
    }
}
