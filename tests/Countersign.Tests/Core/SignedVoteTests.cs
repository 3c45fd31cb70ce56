using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Identity.Passkeys;

namespace Countersign.Tests.Core;

/// <summary>Decisions that people sign with a passkey.</summary>
public sealed class SignedVoteTests : CoreTests
{
    private readonly TestAuthenticator _alices = new();
    private readonly TestAuthenticator _bobs = new();

    [Fact]
    public async Task A_signed_approval_meets_a_rule_that_asks_for_a_passkey()
    {
        var held = await HoldAsync();
        await AssertTooWeakAsync(held, Assurance.Session);

        var recorded = Assert.IsType<DeskAnswer.Recorded>(await SignAsync(held, _alices));

        var vote = Assert.Single(recorded.Record.Life.Votes);
        Assert.Equal((CoreHost.Alice, Assurance.Passkey), (vote.Person, vote.Assurance));
        Assert.Equal(ActionState.Succeeded, (await Host.UntilEndedAsync(held)).State);
    }

    [Fact]
    public async Task What_is_stored_verifies_without_the_gateway()
    {
        var held = await HoldAsync();
        await SignAsync(held, _alices);

        var entry = Assert.Single(await Host.PayloadsOfAsync(EntryType.ReviewVote)).Payload.GetProperty("assertion");
        var statement = Base64Url.DecodeFromChars(entry.GetProperty("statement").GetString());
        var party = new RelyingParty(
            entry.GetProperty("relying_party").GetString()!,
            [.. entry.GetProperty("origins").EnumerateArray().Select(origin => origin.GetString()!)]);
        var assertion = PasskeyJson.ReadAssertion(entry.GetProperty("credential"));
        var enrolled = (await Host.PayloadsOfAsync(EntryType.CredentialEnrolled))[0];
        var key = enrolled.Payload.GetProperty("public_key").GetString();

        Assert.Null(assertion.WhyNot(
            new Ceremony(party, DecisionStatement.ChallengeOf(statement)),
            CoseKey.Parse(Base64Url.DecodeFromChars(key))));
        Assert.Equal(enrolled.Index, entry.GetProperty("enrolled").GetInt64());
        using var said = JsonDocument.Parse(statement);
        Assert.Equal(held.Action.Digest.Value, said.RootElement.GetProperty("digest").GetString());
        Assert.Equal("approve", said.RootElement.GetProperty("decision").GetString());
        Assert.Equal("alice", said.RootElement.GetProperty("person").GetString());
        Assert.Equal("localhost/countersign", said.RootElement.GetProperty("ledger").GetString());
        var read = (await Host.ReadAsync(held)).Life.Votes.Single().Signature!;
        Assert.Equal(statement, read.Statement.ToArray());
    }

    [Fact]
    public async Task The_card_that_was_signed_is_the_one_in_the_ledger()
    {
        var held = await HoldAsync();
        var statement = DecisionStatement.TryRead(StatementFor(held).Statement)!;

        var opened = Assert.Single(await Host.PayloadsOfAsync(EntryType.ReviewOpened)).Payload.GetProperty("card");
        Assert.True(Countersign.Core.Actions.Json.CanonicalJson.TryCanonicalize(
            Encoding.UTF8.GetBytes(opened.GetRawText()),
            Countersign.Core.Actions.Json.JsonLimits.Default,
            out var canonical,
            out _));
        byte[] labelled = [.. "countersign-card-v1\n"u8, .. canonical.Bytes.Span];

        Assert.Equal(
            $"sha256:{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(labelled))}",
            statement.Card);
    }

    [Fact]
    public async Task A_signed_denial_is_recorded_with_its_signature()
    {
        var held = await HoldAsync();

        var recorded = Assert.IsType<DeskAnswer.Recorded>(await SignAsync(held, _alices, Decision.Deny));

        Assert.Equal(ActionState.Denied, recorded.Record.State);
        Assert.NotNull(Assert.Single(recorded.Record.Life.Votes).Signature);
    }

    [Fact]
    public async Task A_signature_for_one_decision_is_none_for_the_other()
    {
        var held = await HoldAsync();
        var signed = Sign(StatementFor(held, Decision.Deny), _alices);

        await AssertUnprovenAsync("something else", held, Decision.Approve, signed);
        Assert.Empty((await Host.ReadAsync(held)).Life.Votes);
    }

    [Fact]
    public async Task A_signature_for_one_action_is_none_for_another()
    {
        var held = await HoldAsync();
        var other = await Host.HoldAsync(CoreHost.AskDetached("other"));

        await AssertUnprovenAsync("another digest", held, Decision.Approve, Sign(StatementFor(other), _alices));
    }

    [Fact]
    public async Task A_signature_for_the_same_request_of_another_day_is_none_for_this_one()
    {
        var held = await HoldAsync();
        var signed = Sign(StatementFor(held), _alices);
        await Host.Desk.WithdrawAsync(held.Id, "bot", comment: null, Host.Cancel);
        var again = await Host.HoldAsync(CoreHost.AskDetached());
        Assert.Equal(held.Action.Digest, again.Action.Digest);

        await AssertUnprovenAsync("something else", again, Decision.Approve, signed);
    }

    [Fact]
    public async Task A_signature_for_one_person_is_none_for_another()
    {
        var held = await HoldAsync();
        var bobs = Host.Passkeys.StatementFor(held, CoreHost.Bob, Decision.Approve);

        await AssertUnprovenAsync("something else", held, Decision.Approve, Sign(bobs, _bobs));
        await AssertUnprovenAsync("somebody else", held, Decision.Approve, Sign(StatementFor(held), _bobs));
    }

    [Fact]
    public async Task A_statement_that_somebody_else_made_is_refused()
    {
        var held = await HoldAsync();
        var sealedStatement = StatementFor(held);
        var longer = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(sealedStatement.Statement.Span)
            .Replace("\"revision\":1", "\"revision\":2", StringComparison.Ordinal));

        var signed = Sign(sealedStatement with { Statement = longer }, _alices);

        await AssertUnprovenAsync("none of this server's", held, Decision.Approve, signed);
    }

    [Fact]
    public async Task A_statement_expires()
    {
        var held = await HoldAsync();
        var signed = Sign(StatementFor(held), _alices);

        Host.Time.Advance(DecisionStatement.Lifetime);

        await AssertUnprovenAsync("has expired", held, Decision.Approve, signed);
    }

    [Fact]
    public async Task A_changed_signature_is_refused()
    {
        var held = await HoldAsync();
        var signed = Sign(StatementFor(held), _alices);
        var signature = signed.Assertion.Signature.ToArray();
        signature[^1] ^= 1;

        await AssertUnprovenAsync(
            "not this passkey's",
            held,
            Decision.Approve,
            signed with { Assertion = signed.Assertion with { Signature = signature } });
    }

    [Fact]
    public async Task A_revoked_passkey_signs_nothing_any_more()
    {
        var held = await HoldAsync();
        var signed = Sign(StatementFor(held), _alices);
        var passkey = Assert.Single(await Host.Passkeys.ListAsync(CoreHost.Alice, Host.Cancel));
        Assert.IsType<PasskeyAnswer.Done>(await Host.Passkeys.RevokeAsync(
            new Voter(CoreHost.Alice, Assurance.Session), passkey.Entry, "lost", Host.Cancel));

        await AssertUnprovenAsync("was revoked", held, Decision.Approve, signed);
    }

    [Fact]
    public async Task A_counter_that_does_not_grow_is_the_sign_of_a_copy()
    {
        _alices.SignCount = 7;
        var held = await HoldAsync();
        await AssertUnprovenAsync("went back", held, Decision.Approve, Sign(StatementFor(held), _alices));

        _alices.SignCount = 8;

        Assert.IsType<DeskAnswer.Recorded>(await SignAsync(held, _alices));
        Assert.Equal(8, Assert.Single(await Host.Passkeys.ListAsync(CoreHost.Alice, Host.Cancel)).SignCount);
    }

    [Fact]
    public async Task Whoever_may_not_vote_learns_that_before_anything_about_the_signature()
    {
        var held = await HoldAsync();
        var signed = Sign(StatementFor(held), _alices);

        var lead = await Host.Desk.VoteAsync(
            held.Id,
            new Voter(CoreHost.Lead, Assurance.Token),
            new Ballot(Decision.Approve, held.Action.Digest, Comment: null) { Signature = signed },
            Host.Cancel);

        Assert.Equal(StepRefusal.NotEligible, Assert.IsType<DeskAnswer.Refused>(lead).Why);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _alices.Dispose();
        _bobs.Dispose();
    }

    private async Task<ActionRecord> HoldAsync()
    {
        await Host.PutInForceAsync(Demand.OneDbaWithPasskey);
        await EnrolAsync(CoreHost.Alice, _alices);
        await EnrolAsync(CoreHost.Bob, _bobs);
        return await Host.HoldAsync(CoreHost.AskDetached());
    }

    private async Task EnrolAsync(PersonId person, TestAuthenticator authenticator)
    {
        var challenge = new byte[32];
        var asked = new NewPasskey("Key", challenge, authenticator.Register(challenge));
        Assert.IsType<PasskeyAnswer.Done>(
            await Host.Passkeys.EnrolAsync(new Voter(person, Assurance.Session), asked, Host.Cancel));
    }

    private SealedStatement StatementFor(ActionRecord held, Decision decision = Decision.Approve) =>
        Host.Passkeys.StatementFor(held, CoreHost.Alice, decision);

    private static SignedAnswer Sign(SealedStatement statement, TestAuthenticator authenticator) =>
        new(statement, authenticator.Assert(DecisionStatement.ChallengeOf(statement.Statement.Span)));

    private Task<DeskAnswer> SignAsync(
        ActionRecord held, TestAuthenticator authenticator, Decision decision = Decision.Approve) =>
        VoteAsync(held, decision, Sign(StatementFor(held, decision), authenticator));

    private Task<DeskAnswer> VoteAsync(ActionRecord held, Decision decision, SignedAnswer? signed) =>
        Host.Desk.VoteAsync(
            held.Id,
            new Voter(CoreHost.Alice, Assurance.Token),
            new Ballot(decision, held.Action.Digest, Comment: null) { Signature = signed },
            Host.Cancel);

    private async Task AssertTooWeakAsync(ActionRecord held, Assurance assurance)
    {
        var answer = await Host.Desk.VoteAsync(
            held.Id,
            new Voter(CoreHost.Alice, assurance),
            new Ballot(Decision.Approve, held.Action.Digest, Comment: null),
            Host.Cancel);
        Assert.Equal(StepRefusal.AssuranceTooLow, Assert.IsType<DeskAnswer.Refused>(answer).Why);
    }

    private async Task AssertUnprovenAsync(string why, ActionRecord held, Decision decision, SignedAnswer signed)
    {
        var before = await Host.CountEntriesAsync();
        var answer = await VoteAsync(held, decision, signed);
        Assert.Contains(why, Assert.IsType<DeskAnswer.Unproven>(answer).Why);
        Assert.Equal(before, await Host.CountEntriesAsync());
    }
}
