using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Identity.Passkeys;
using Countersign.Tests.Receipts;

namespace Countersign.Tests.Core;

/// <summary>
/// One person lets a request through alone, in an emergency. Nina is on call and has the role; Carl, Cora and Olga keep
/// envelopes; Alice and Bob are asked and do not answer.
/// </summary>
public sealed class BreakGlassTests : CoreTests
{
    private static readonly PersonId s_nina = new("nina");
    private static readonly PersonId s_owner = new("owner");

    private readonly TestAuthenticator _ninas = new();
    private readonly TestAuthenticator _owners = new();

    [Fact]
    [Trait("Threat", "THR-016"), Trait("CWE", "269")]
    public async Task It_lets_the_request_run_once_is_in_the_ledger_and_somebody_else_looks_at_it()
    {
        var held = await HoldAsync();

        var broken = Assert.IsType<GlassAnswer.Broken>(await BreakAsync(held));

        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
        await AssertEntriesAsync(
            held, EntryType.ActionRequested, EntryType.ReviewOpened, EntryType.BreakGlassUsed, EntryType.ReviewDecided,
            EntryType.ExecutionIntent, EntryType.ExecutionOutcome);
        var said = Assert.Single(await Host.PayloadsOfAsync(EntryType.BreakGlassUsed)).Payload;
        Assert.Equal("nina", said.GetProperty("person").GetString());
        Assert.Equal("The disk is full and nobody answers.", said.GetProperty("comment").GetString());
        Assert.Equal("""["carl","cora"]""", said.GetProperty("custodians").GetRawText());
        Assert.True(said.TryGetProperty("assertion", out _));
        var review = (await Host.Gatekeeper.FindAsync(broken.Review, Host.Cancel))!;
        Assert.Equal((ActionState.Pending, BreakGlassDesk.Operation), (review.State, review.Action.Operation));
        Assert.Equal(StepRefusal.NotEligible, await VoteAsync(review, s_nina));
        Assert.Null(await VoteAsync(review, CoreHost.Alice));
    }

    [Fact]
    [Trait("Threat", "THR-016"), Trait("CWE", "269")]
    public async Task A_receipt_proves_who_did_it_and_doubts_that_it_was_enough()
    {
        var held = await HoldAsync();
        await BreakAsync(held);
        var ended = await Host.UntilEndedAsync(held);

        var receipt = await new ReceiptMaker(Host.Archive).MakeAsync(ended, Disclosures.Everything, Host.Cancel);
        var report = new ReceiptVerifier([Host.LogKey]).Verify(receipt.ToBytes());
        Vectors.Keep("glass", receipt);

        var doubt = Assert.Single(report.Doubts);
        Assert.Equal(Doubt.TooFewVotes, doubt.Doubt);
        Assert.StartsWith("nina let it through alone", doubt.Text, StringComparison.Ordinal);
        Assert.Contains(report.Steps[8].Proved, text => text.Contains("nina", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Threat", "THR-016"), Trait("CWE", "269")]
    public async Task What_it_allows_may_be_used_for_a_short_time_only()
    {
        var held = await HoldAsync(CoreHost.Ask());
        var broken = Assert.IsType<GlassAnswer.Broken>(await BreakAsync(held));

        Assert.Equal(Host.Store.Now + TimeSpan.FromMinutes(15), broken.Record.Life.Grant!.ExpiresAt);
        Assert.Equal(1, broken.Record.Life.Grant.UsesLeft);
    }

    [Fact]
    public async Task What_is_stored_is_read_again_as_the_vote_of_one_person()
    {
        var held = await HoldAsync(CoreHost.Ask());
        await BreakAsync(held);

        var glass = (await Host.ReadAsync(held)).Life.Glass!;

        Assert.Equal((s_nina, Assurance.Passkey, true), (glass.Person, glass.Assurance, glass.BreaksGlass));
        Assert.NotNull(glass.Signature);
    }

    [Fact]
    [Trait("Threat", "THR-016"), Trait("CWE", "269")]
    public async Task Every_channel_is_told_of_the_entry_by_itself()
    {
        Host.AddChannel("pager");
        var held = await HoldAsync(CoreHost.Ask());
        await BreakAsync(held);

        var entry = Assert.Single(await Host.PayloadsOfAsync(EntryType.BreakGlassUsed)).Index;
        var messages = await Host.Store.TakeOutboxAsync("pager", 50, Host.Cancel);

        Assert.Contains(messages, message => message.Entry == entry);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \n")]
    [Trait("Threat", "THR-016"), Trait("CWE", "269")]
    public async Task Without_a_reason_it_stays_whole(string reason) =>
        await AssertRefusedAsync("a reason", asked => asked with { Reason = reason });

    [Fact]
    [Trait("Threat", "THR-016"), Trait("CWE", "269")]
    public async Task Without_a_passkey_it_stays_whole() =>
        await AssertRefusedAsync("a passkey", asked => asked with { Signature = null });

    [Fact]
    public async Task A_passkey_of_somebody_else_breaks_nothing()
    {
        var held = await HoldAsync();
        var statement = Host.Passkeys.StatementFor(held, s_nina, Decision.Approve);

        await AssertRefusedAsync("somebody else", asked => asked with { Signature = Sign(statement, _owners) }, held);
    }

    [Fact]
    [Trait("Threat", "THR-017"), Trait("CWE", "798")]
    public async Task Codes_that_are_not_of_two_custodians_break_nothing()
    {
        var carls = CodeOf("carl");
        var forged = new BreakGlassCodes("another key"u8.ToArray(), () => Host.Store.Now, random => random.Clear());
        string[][] lacking =
        [
            [], [carls], [carls, carls], [carls, CodeOf("carl")], [carls, "x"], [carls, CodeOf("cora"), CodeOf("olga")],
            [carls, forged.Create(new PersonId("cora"))],
        ];
        foreach (var codes in lacking)
        {
            await AssertRefusedAsync("two custodians", asked => asked with { Codes = [.. codes] });
        }
    }

    [Theory]
    [InlineData("nina")]
    [InlineData("owner")]
    [Trait("Threat", "THR-017"), Trait("CWE", "798")]
    public async Task A_custodian_is_somebody_else_than_who_breaks_it_or_who_asked(string custodian) =>
        await AssertRefusedAsync(
            "neither be you nor stand behind",
            asked => asked with { Codes = [CodeOf("carl"), CodeOf(custodian)] });

    [Fact]
    [Trait("Threat", "THR-017"), Trait("CWE", "798")]
    public async Task The_code_of_a_custodian_who_left_went_with_them() => await AssertRefusedAsync(
        "not registered any more", asked => asked with { Codes = [CodeOf("carl"), CodeOf("leaver")] });

    [Fact]
    [Trait("Threat", "THR-017"), Trait("CWE", "798")]
    public async Task A_code_works_once()
    {
        string[] codes = [CodeOf("carl"), CodeOf("cora")];
        var first = await HoldAsync();
        Assert.IsType<GlassAnswer.Broken>(await BreakAsync(first, asked => asked with { Codes = [.. codes] }));

        var second = await Host.HoldAsync(CoreHost.Ask("other"));
        var refused = await BreakAsync(second, asked => asked with { Codes = [codes[0], CodeOf("olga")] });

        Assert.Contains("used before", Assert.IsType<GlassAnswer.Refused>(refused).Why);
        Assert.Equal(ActionState.Pending, (await Host.ReadAsync(second)).State);
    }

    [Fact]
    [Trait("Threat", "THR-017"), Trait("CWE", "798")]
    public async Task A_code_ends_after_half_a_year()
    {
        var carls = CodeOf("carl");
        Host.Time.Advance(BreakGlassCodes.Lifetime);

        await AssertRefusedAsync("two custodians", asked => asked with { Codes = [carls, CodeOf("cora")] });
    }

    [Fact]
    public async Task Who_has_not_the_role_breaks_nothing()
    {
        var held = await HoldAsync();
        Host.SetPeople(PeopleWith(mayBreak: false));

        Assert.Equal(StepRefusal.NotEligible, Assert.IsType<GlassAnswer.NotTaken>(await BreakAsync(held)).Why);
    }

    [Fact]
    [Trait("Threat", "THR-001"), Trait("CWE", "285")]
    public async Task Who_stands_behind_the_request_breaks_nothing_whatever_their_role()
    {
        var held = await HoldAsync();
        var answer = await BreakAsync(held, by: s_owner);

        Assert.Equal(StepRefusal.SelfApproval, Assert.IsType<GlassAnswer.NotTaken>(answer).Why);
    }

    [Fact]
    [Trait("Threat", "THR-011"), Trait("CWE", "367")]
    public async Task Who_lost_the_role_since_broke_nothing_that_could_still_be_used()
    {
        var held = await HoldAsync(CoreHost.AskPermit());
        Assert.IsType<GlassAnswer.Broken>(await BreakAsync(held));
        Host.SetPeople(PeopleWith(mayBreak: false));

        var claim = await Host.Permits.ClaimAsync(
            await Host.ReadAsync(held), held.Action.Digest, key: null, Host.Cancel);

        Assert.IsType<PermitAnswer.Refused>(claim);
        Assert.Equal(ActionState.Superseded, (await Host.ReadAsync(held)).State);
    }

    [Fact]
    public async Task What_it_allows_is_claimed_like_any_other_permit()
    {
        var held = await HoldAsync(CoreHost.AskPermit());
        await BreakAsync(held);

        Assert.IsType<PermitAnswer.Done>(await Host.Permits.ClaimAsync(
            await Host.ReadAsync(held), held.Action.Digest, key: null, Host.Cancel));
    }

    [Fact]
    public async Task Where_nobody_could_look_at_it_afterwards_it_stays_whole()
    {
        var held = await HoldAsync();
        Host.SetPeople(PeopleWith(mayBreak: true, dbas: []));

        var refused = Assert.IsType<GlassAnswer.Refused>(await BreakAsync(held));
        Assert.Contains("Nobody would be left", refused.Why);
    }

    private async Task<ActionRecord> HoldAsync(Asking? asking = null)
    {
        Host.SetPeople(PeopleWith(mayBreak: true));
        await EnrolAsync(s_nina, _ninas);
        await EnrolAsync(s_owner, _owners);
        return await Host.HoldAsync(asking ?? CoreHost.AskDetached());
    }

    private static People PeopleWith(bool mayBreak, string[]? dbas = null) => new(
        ((string[])["alice", "bob", "nina", "owner", "carl", "cora", "olga"]).Select(id => new Person(
            new PersonId(id),
            id,
            (dbas ?? ["alice", "bob"]).Contains(id) ? [new GroupName("dba")] : [],
            IsAdmin: false)
        {
            MayBreakGlass = mayBreak && id is "nina" or "owner",
        }),
        [new Agent(CoreHost.BotId, Party.Parse("owner"))]);

    private async Task EnrolAsync(PersonId person, TestAuthenticator authenticator)
    {
        if ((await Host.Passkeys.ListAsync(person, Host.Cancel)).IsEmpty)
        {
            var challenge = new byte[32];
            Assert.IsType<PasskeyAnswer.Done>(await Host.Passkeys.EnrolAsync(
                new Voter(person, Assurance.Session),
                new NewPasskey("Key", challenge, authenticator.Register(challenge)),
                Host.Cancel));
        }
    }

    private string CodeOf(string custodian) => Host.GlassCodes.Create(new PersonId(custodian));

    private static SignedAnswer Sign(SealedStatement statement, TestAuthenticator authenticator) =>
        new(statement, authenticator.Assert(DecisionStatement.ChallengeOf(statement.Statement.Span)));

    private Task<GlassAnswer> BreakAsync(
        ActionRecord held, Func<GlassRequest, GlassRequest>? change = null, PersonId? by = null)
    {
        var person = by ?? s_nina;
        var statement = Host.Passkeys.StatementFor(held, person, Decision.Approve);
        var asked = new GlassRequest(
            held.Action.Digest,
            "The disk is full and nobody answers.",
            Sign(statement, by is null ? _ninas : _owners),
            [CodeOf("carl"), CodeOf("cora")]);
        return Host.Glass.BreakAsync(
            held.Id, new Voter(person, Assurance.Session), change?.Invoke(asked) ?? asked, Host.Cancel);
    }

    private async Task AssertRefusedAsync(
        string why, Func<GlassRequest, GlassRequest> change, ActionRecord? known = null)
    {
        var held = known ?? await HoldAsync();
        var before = await Host.CountEntriesAsync();

        var refused = Assert.IsType<GlassAnswer.Refused>(await BreakAsync(held, change));

        Assert.Contains(why, refused.Why);
        Assert.Equal(before, await Host.CountEntriesAsync());
        Assert.Equal(ActionState.Pending, (await Host.ReadAsync(held)).State);
    }

    private async Task<StepRefusal?> VoteAsync(ActionRecord record, PersonId person) => await Host.Desk.VoteAsync(
        record.Id,
        new Voter(person, Assurance.Session),
        new Ballot(Decision.Approve, record.Action.Digest, Comment: null),
        Host.Cancel) is DeskAnswer.Refused refused
            ? refused.Why
            : null;
}
