using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Tests.Identity.Passkeys;

namespace Countersign.Tests.Core;

/// <summary>Enrolling, revoking and signing in.</summary>
public sealed class PasskeyDeskTests : CoreTests
{
    private static readonly byte[] s_challenge = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    private readonly TestAuthenticator _authenticator = new();

    [Fact]
    public async Task An_enrolment_and_a_revocation_are_entries()
    {
        var enrolled = Assert.IsType<PasskeyAnswer.Done>(
            await EnrolAsync(_authenticator, Assurance.Token, await VouchAsync()));
        var entry = Assert.Single(await Host.PayloadsOfAsync(EntryType.CredentialEnrolled));
        Assert.Equal(enrolled.Entry, entry.Index);
        Assert.Equal("alice", entry.Payload.GetProperty("person").GetString());
        Assert.Equal("token", entry.Payload.GetProperty("signed_in").GetString());
        Assert.Equal("admin", entry.Payload.GetProperty("vouched_by").GetString());
        Assert.Equal("bob", entry.Payload.GetProperty("vouched_by_admin").GetString());

        var revoked = Assert.IsType<PasskeyAnswer.Done>(await RevokeAsync(CoreHost.Alice, enrolled.Entry));

        var last = Assert.Single(await Host.PayloadsOfAsync(EntryType.CredentialRevoked));
        Assert.Equal(revoked.Entry, last.Index);
        Assert.Equal(enrolled.Entry, last.Payload.GetProperty("enrolled").GetInt64());
        Assert.Equal("alice", last.Payload.GetProperty("by").GetString());
        Assert.Empty(await Host.Passkeys.ListAsync(CoreHost.Alice, Host.Cancel));
    }

    [Fact]
    public async Task A_copied_token_adds_no_first_passkey_without_somebody_who_vouches()
    {
        AssertRefused("The code is missing", await EnrolAsync(_authenticator, Assurance.Token));
        AssertRefused("The code is missing", await EnrolAsync(_authenticator, Assurance.Token, "AAAA"));

        Assert.Empty(await Host.PayloadsOfAsync(EntryType.CredentialEnrolled));
    }

    [Fact]
    public async Task A_code_is_for_one_person_and_for_an_hour()
    {
        var forLead = await VouchAsync(CoreHost.Lead);
        AssertRefused("somebody else", await EnrolAsync(_authenticator, Assurance.Token, forLead));

        var code = await VouchAsync();
        var changed = (code[0] == 'A' ? 'B' : 'A') + code[1..];
        AssertRefused("somebody else", await EnrolAsync(_authenticator, Assurance.Token, changed));
        Host.Time.Advance(EnrolmentCodes.Lifetime);
        AssertRefused("older than an hour", await EnrolAsync(_authenticator, Assurance.Token, code));
    }

    [Fact]
    public async Task A_code_works_once_also_when_what_it_enrolled_is_revoked()
    {
        using var thiefs = new TestAuthenticator();
        var code = await VouchAsync();
        var enrolled = Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(_authenticator, Assurance.Token, code));
        await RevokeAsync(CoreHost.Alice, enrolled.Entry);

        AssertRefused("used before", await EnrolAsync(thiefs, Assurance.Token, code));
        Host.LoseNode();
        AssertRefused("used before", await EnrolAsync(thiefs, Assurance.Token, code));
        Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(thiefs, Assurance.Token, await VouchAsync()));
    }

    [Fact]
    public async Task Only_another_admin_with_more_than_a_token_vouches_and_only_for_a_first_passkey()
    {
        await AssertNoCodeAsync("Only admins", CoreHost.Bob, Assurance.Session, CoreHost.Alice);
        Host.MakeAdmin(CoreHost.Bob);
        await AssertNoCodeAsync("Sign in with a passkey", CoreHost.Bob, Assurance.Token, CoreHost.Alice);
        await AssertNoCodeAsync("for themselves", CoreHost.Bob, Assurance.Session, CoreHost.Bob);
        await AssertNoCodeAsync("Nobody of that name", CoreHost.Bob, Assurance.Session, new PersonId("nobody"));
        await EnrolAsync(_authenticator, Assurance.Session);
        await AssertNoCodeAsync("a passkey already", CoreHost.Bob, Assurance.Session, CoreHost.Alice);
    }

    [Fact]
    public async Task Whoever_runs_the_server_vouches_with_its_key()
    {
        var code = Host.Codes.Create(CoreHost.Alice, admin: null);

        Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(_authenticator, Assurance.Token, code));

        var entry = Assert.Single(await Host.PayloadsOfAsync(EntryType.CredentialEnrolled));
        Assert.Equal("operator", entry.Payload.GetProperty("vouched_by").GetString());
        Assert.Equal(new Vouched(Admin: null), Assert.Single(await ListAsync()).Vouched);
    }

    [Fact]
    public async Task A_copied_token_adds_no_second_passkey_and_removes_none()
    {
        using var thiefs = new TestAuthenticator();
        var enrolled = Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(_authenticator, Assurance.Session));

        AssertRefused("sign in with it", await EnrolAsync(thiefs, Assurance.Token));
        AssertRefused(
            "Sign in with a passkey",
            await Host.Passkeys.RevokeAsync(
                new Voter(CoreHost.Alice, Assurance.Token), enrolled.Entry, comment: null, Host.Cancel));

        Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(thiefs, Assurance.Session));
        Assert.Equal(2, (await Host.Passkeys.ListAsync(CoreHost.Alice, Host.Cancel)).Length);
    }

    [Fact]
    public async Task Nobody_but_an_admin_revokes_what_is_somebody_elses()
    {
        var enrolled = Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(_authenticator, Assurance.Session));

        AssertRefused("not yours to revoke", await RevokeAsync(CoreHost.Bob, enrolled.Entry));

        Host.MakeAdmin(CoreHost.Bob);
        Assert.IsType<PasskeyAnswer.Done>(await RevokeAsync(CoreHost.Bob, enrolled.Entry));
        AssertRefused("no such passkey", await RevokeAsync(CoreHost.Bob, enrolled.Entry));
    }

    [Fact]
    public async Task One_passkey_is_enrolled_once()
    {
        await EnrolAsync(_authenticator, Assurance.Session);

        AssertRefused("enrolled already", await EnrolAsync(_authenticator, Assurance.Session));
    }

    [Fact]
    public async Task Whoever_answers_a_challenge_is_its_person()
    {
        await EnrolAsync(_authenticator, Assurance.Session);

        var known = await Host.Passkeys.SignInAsync(_authenticator.Assert(s_challenge), s_challenge, Host.Cancel);
        var other = await Host.Passkeys.SignInAsync(_authenticator.Assert(s_challenge), new byte[16], Host.Cancel);

        Assert.Equal(CoreHost.Alice, Assert.IsType<PasskeyAnswer.Done>(known).Person);
        AssertRefused("another challenge", other);
    }

    [Fact]
    public async Task A_passkey_that_is_kept_for_somebody_else_signs_nobody_in()
    {
        await EnrolAsync(_authenticator, Assurance.Session);
        _authenticator.UserHandle = [1, 2, 3];

        AssertRefused(
            "somebody else",
            await Host.Passkeys.SignInAsync(_authenticator.Assert(s_challenge), s_challenge, Host.Cancel));
    }

    [Fact]
    public async Task A_stranger_signs_nobody_in() => AssertRefused(
        "not enrolled here",
        await Host.Passkeys.SignInAsync(_authenticator.Assert(s_challenge), s_challenge, Host.Cancel));

    [Fact]
    public async Task Without_a_site_there_are_no_passkeys()
    {
        Host.Reopen(options => options with { Passkeys = new PasskeyOptions() });

        AssertRefused("takes no passkeys", await EnrolAsync(_authenticator, Assurance.Session));
        AssertRefused(
            "takes no passkeys",
            await Host.Passkeys.SignInAsync(_authenticator.Assert(s_challenge), s_challenge, Host.Cancel));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _authenticator.Dispose();
    }

    private static void AssertRefused(string why, PasskeyAnswer answer) =>
        Assert.Contains(why, Assert.IsType<PasskeyAnswer.Refused>(answer).Why);

    private Task<PasskeyAnswer> EnrolAsync(
        TestAuthenticator authenticator, Assurance assurance, string? code = null) =>
        Host.Passkeys.EnrolAsync(
            new Voter(CoreHost.Alice, assurance),
            new NewPasskey("Key", s_challenge, authenticator.Register(s_challenge)) { Code = code },
            Host.Cancel);

    /// <summary>A code of an admin, for Alice if for nobody else.</summary>
    private async Task<string> VouchAsync(PersonId? person = null)
    {
        Host.MakeAdmin(CoreHost.Bob);
        var answer = await Host.Passkeys.VouchAsync(
            new Voter(CoreHost.Bob, Assurance.Session), person ?? CoreHost.Alice, Host.Cancel);
        return Assert.IsType<CodeAnswer.Made>(answer).Code;
    }

    private async Task AssertNoCodeAsync(string why, PersonId by, Assurance assurance, PersonId person) =>
        Assert.Contains(why, Assert.IsType<CodeAnswer.Refused>(
            await Host.Passkeys.VouchAsync(new Voter(by, assurance), person, Host.Cancel)).Why);

    private Task<ImmutableArray<Passkey>> ListAsync() => Host.Passkeys.ListAsync(CoreHost.Alice, Host.Cancel);

    private Task<PasskeyAnswer> RevokeAsync(PersonId by, long entry) => Host.Passkeys.RevokeAsync(
        new Voter(by, Assurance.Session), entry, "lost", Host.Cancel);
}
