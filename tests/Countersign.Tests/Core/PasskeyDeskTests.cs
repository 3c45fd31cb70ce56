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
        var enrolled = Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(_authenticator, Assurance.Token));
        var entry = Assert.Single(await Host.PayloadsOfAsync(EntryType.CredentialEnrolled));
        Assert.Equal(enrolled.Entry, entry.Index);
        Assert.Equal("alice", entry.Payload.GetProperty("person").GetString());
        Assert.Equal("token", entry.Payload.GetProperty("signed_in").GetString());

        var revoked = Assert.IsType<PasskeyAnswer.Done>(await RevokeAsync(CoreHost.Alice, enrolled.Entry));

        var last = Assert.Single(await Host.PayloadsOfAsync(EntryType.CredentialRevoked));
        Assert.Equal(revoked.Entry, last.Index);
        Assert.Equal(enrolled.Entry, last.Payload.GetProperty("enrolled").GetInt64());
        Assert.Equal("alice", last.Payload.GetProperty("by").GetString());
        Assert.Empty(await Host.Passkeys.ListAsync(CoreHost.Alice, Host.Cancel));
    }

    [Fact]
    public async Task A_copied_token_adds_no_second_passkey_and_removes_none()
    {
        using var thiefs = new TestAuthenticator();
        var enrolled = Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(_authenticator, Assurance.Token));

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
        var enrolled = Assert.IsType<PasskeyAnswer.Done>(await EnrolAsync(_authenticator, Assurance.Token));

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
        await EnrolAsync(_authenticator, Assurance.Token);

        var known = await Host.Passkeys.SignInAsync(_authenticator.Assert(s_challenge), s_challenge, Host.Cancel);
        var other = await Host.Passkeys.SignInAsync(_authenticator.Assert(s_challenge), new byte[16], Host.Cancel);

        Assert.Equal(CoreHost.Alice, Assert.IsType<PasskeyAnswer.Done>(known).Person);
        AssertRefused("another challenge", other);
    }

    [Fact]
    public async Task A_passkey_that_is_kept_for_somebody_else_signs_nobody_in()
    {
        await EnrolAsync(_authenticator, Assurance.Token);
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

    private Task<PasskeyAnswer> EnrolAsync(TestAuthenticator authenticator, Assurance assurance) =>
        Host.Passkeys.EnrolAsync(
            new Voter(CoreHost.Alice, assurance),
            new NewPasskey("Key", s_challenge, authenticator.Register(s_challenge)),
            Host.Cancel);

    private Task<PasskeyAnswer> RevokeAsync(PersonId by, long entry) => Host.Passkeys.RevokeAsync(
        new Voter(by, Assurance.Session), entry, "lost", Host.Cancel);
}
