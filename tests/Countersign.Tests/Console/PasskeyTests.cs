using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Sessions;
using Countersign.Tests.Identity.Passkeys;
using Countersign.Tests.Support;

namespace Countersign.Tests.Console;

/// <summary>Passkeys in the console: an authenticator in software, and the forms that its script would send.</summary>
public sealed partial class PasskeyTests : IDisposable
{
    private static readonly Requirement NeedsPasskey =
        ConsoleHost.Need("r", "Because.", ConsoleHost.Of("group:dba", 1)) with { Assurance = Assurance.Passkey };

    private readonly TestAuthenticator _authenticator = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _authenticator.Dispose();

    [Fact]
    public async Task A_person_enrols_a_passkey_and_sees_it_with_its_entry()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");

        var page = await EnrolAsync(bob);

        Assert.Contains("The passkey is enrolled.", page);
        Assert.Contains("<strong>My key</strong>", page);
        var entry = Assert.Single(host.Store.Entries);
        Assert.Equal(EntryType.CredentialEnrolled, entry.Type);
        Assert.Contains("1 passkey", await bob.ReadAsync("/console/people"));
    }

    [Fact]
    public async Task A_passkey_signs_its_person_in_with_the_strength_of_a_session()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);
        using var fresh = host.Open();

        using var answer = await SignInAsync(fresh);

        Assert.Equal("/console", answer.Headers.Location!.ToString());
        Assert.Contains("Bob Sawyer (bob)</a>, <span class=\"quiet\">signed in with a session</span>",
            await fresh.ReadAsync("/console"));
    }

    [Fact]
    public async Task What_signed_in_once_signs_nobody_in_again()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);
        using var fresh = host.Open();
        var credential = await AssertAsync(fresh);
        using var first = await fresh.PostAsync("/console/passkeys/sign-in", ("credential", credential));
        Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        using var thief = host.Open();

        using var again = await thief.PostAsync("/console/passkeys/sign-in", ("credential", credential));

        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        Assert.Empty(thief.Cookies.GetAllCookies());
    }

    [Fact]
    public async Task A_challenge_for_signing_in_enrols_nothing()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        var challenge = await ChallengeAsync(bob, "/console/sign-in/options");

        var page = await SendAsync(
            bob,
            "/console/passkeys",
            ("name", "My key"),
            ("credential", TestAuthenticator.Json(_authenticator.Register(challenge))));

        Assert.Contains("That took too long, or was used before.", page);
        Assert.Empty(host.Store.Entries);
    }

    [Fact]
    public async Task A_challenge_is_answered_within_its_time()
    {
        var time = new ManualTime();
        await using var host = await ConsoleHost.StartAsync(time);
        using var bob = await host.OpenForAsync("bob");
        var challenge = await ChallengeAsync(bob, "/console/passkeys/options");
        var credential = TestAuthenticator.Json(_authenticator.Register(challenge));

        time.Advance(TimeSpan.FromMinutes(5));

        Assert.Contains(
            "That took too long", await SendAsync(bob, "/console/passkeys", ("name", ""), ("credential", credential)));
    }

    [Fact]
    public async Task Without_its_script_the_form_enrols_nothing()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");

        Assert.Contains(
            "The browser sent no passkey.",
            await SendAsync(bob, "/console/passkeys", ("name", "x"), ("credential", "")));
    }

    [Fact]
    public async Task A_sign_in_by_token_that_could_not_approve_signs_with_a_passkey()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Require(NeedsPasskey);
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        var before = await bob.ReadAsync($"/console/actions/{record.Id}");
        await EnrolAsync(bob);
        var after = await bob.ReadAsync($"/console/actions/{record.Id}");

        var page = await SignAsync(bob, record, "approve");

        Assert.Contains("Enrol a passkey to sign the approval with it.", before);
        Assert.DoesNotContain("value=\"sign-approval\"", before);
        Assert.Contains("value=\"sign-approval\"", after);
        Assert.DoesNotContain("value=\"approve\"", after);
        Assert.Contains("Your approval is recorded, and the review is approved.", page);
        Assert.Contains("<span class=\"tag\">signed</span>", page);
        Assert.Equal(Assurance.Passkey, Assert.Single((await FindAsync(host, record.Id)).Life.Votes).Assurance);
    }

    [Theory]
    [InlineData("sign-approval")]
    [InlineData("sign-denial")]
    public async Task Whoever_wanted_to_sign_gives_no_unsigned_answer_instead(string decision)
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        var page = await bob.VoteAsync(record.Id.Value, decision);

        Assert.Contains("No signature came with it.", page);
        Assert.Empty((await FindAsync(host, record.Id)).Life.Votes);
    }

    [Fact]
    public async Task A_denial_is_signed_too_also_by_somebody_who_may_not_approve()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var alice = await host.OpenForAsync("alice");
        await EnrolAsync(alice, "alice");
        var shown = await alice.ReadAsync($"/console/actions/{record.Id}");

        var page = await SignAsync(alice, record, "deny");

        Assert.Contains("value=\"deny\"", shown);
        Assert.Contains("value=\"sign-denial\"", shown);
        Assert.DoesNotContain("value=\"sign-approval\"", shown);
        Assert.Contains("Your denial is recorded.", page);
        Assert.Contains("<span class=\"tag\">signed</span>", page);
        var denied = await FindAsync(host, record.Id);
        Assert.Equal(ActionState.Denied, denied.State);
        var vote = Assert.Single(denied.Life.Votes);
        Assert.Equal((Decision.Deny, Assurance.Passkey), (vote.Decision, vote.Assurance));
        Assert.NotNull(vote.Signature);
    }

    [Fact]
    public async Task A_signed_approval_that_is_sent_as_a_denial_counts_as_neither()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);

        var page = await SignAsync(bob, record, signed: "approve", sent: "sign-denial");

        Assert.Contains("Your signature does not count", page);
        Assert.Equal(ActionState.Pending, (await FindAsync(host, record.Id)).State);
    }

    [Fact]
    public async Task A_signature_of_somebody_else_is_not_recorded()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);
        using var carols = new TestAuthenticator();

        var page = await SignAsync(bob, record, "approve", carols);

        Assert.Contains("Your signature does not count: The passkey is not enrolled here", page);
        Assert.Empty((await FindAsync(host, record.Id)).Life.Votes);
    }

    [Fact]
    public async Task A_statement_about_another_digest_than_the_page_showed_is_not_made()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);

        using var answer = await bob.GetAsync(
            $"/console/actions/{record.Id}/statement?decision=approve&digest=sha256:{new string('0', 64)}");

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    [Fact]
    public async Task Revoking_ends_the_other_sessions_of_its_person()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);
        using var strong = host.Open();
        using var entered = await SignInAsync(strong);
        var weak = await bob.ReadAsync("/console/people/bob");
        var own = await strong.ReadAsync("/console/people/bob");

        var page = await SendAsync(strong, "/console/passkeys/0/revoke", ("comment", "lost"));

        Assert.Contains("Sign in with a passkey to revoke one.", weak);
        Assert.Contains("Revoke My key", own);
        Assert.Contains("The passkey is revoked", page);
        Assert.Equal(EntryType.CredentialRevoked, host.Store.Entries[^1].Type);
        using var thrownOut = await bob.GetAsync("/console");
        Assert.Equal(HttpStatusCode.SeeOther, thrownOut.StatusCode);
        using var gone = await SignInAsync(host.Open());
        Assert.Equal(HttpStatusCode.Unauthorized, gone.StatusCode);
    }

    [Fact]
    public async Task Nobody_sees_or_revokes_the_passkeys_of_others()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        await EnrolAsync(bob);
        using var carol = await host.OpenWithSessionAsync("carol");

        Assert.DoesNotContain("My key", await carol.ReadAsync("/console/people/bob"));
        using var answer = await carol.PostAsync(
            "/console/passkeys/0/revoke", ("form_token", await carol.FormTokenAsync()));

        Assert.Contains("not yours to revoke", await carol.ReadAsync(answer.Headers.Location!.ToString()));
        Assert.Single(host.Store.Entries);
    }

    [Theory]
    [InlineData("/console/passkeys")]
    [InlineData("/console/passkeys/0/revoke")]
    [InlineData("/console/people/bob/code")]
    public async Task Passkeys_change_by_forms_of_the_session_only(string path)
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");

        using var forged = await bob.PostAsync(path, ("form_token", "x"));
        using var read = await bob.GetAsync(path);

        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
        Assert.Empty(host.Store.Entries);
    }

    [Theory]
    [InlineData(false, "This cannot be undone.")]
    [InlineData(true, "Nobody can say what this statement does.")]
    public async Task What_cannot_be_undone_or_seen_into_takes_more_than_a_press(bool isOpaque, string why)
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask
        {
            Preview = new Preview("Drops it.") { Reversible = isOpaque ? null : false },
            Facts = isOpaque ? Facts.Of("sql", ("opaque", true)) : Facts.None,
        });
        using var bob = await host.OpenForAsync("bob");
        var shown = await bob.ReadAsync($"/console/actions/{record.Id}");

        var pressed = await bob.VoteAsync(record.Id.Value, "approve");
        var votes = (await FindAsync(host, record.Id)).Life.Votes.Length;
        var typed = await SendAsync(
            bob,
            $"/console/actions/{record.Id}/votes",
            ("decision", "approve"),
            ("digest", record.Action.Digest.Value),
            ("confirm", "ops"));

        Assert.Contains(why, shown);
        Assert.Contains("type &#x27;ops&#x27;", pressed);
        Assert.Equal(0, votes);
        Assert.Contains("Your approval is recorded", typed);
    }

    [Fact]
    public async Task Denying_what_cannot_be_undone_takes_one_press()
    {
        await using var host = await ConsoleHost.StartAsync();
        var record = await host.AskAsync(new Ask { Preview = new Preview("Drops it.") { Reversible = false } });
        using var bob = await host.OpenForAsync("bob");

        Assert.Contains("Your denial is recorded.", await bob.VoteAsync(record.Id.Value, "deny"));
    }

    [Fact]
    public void Of_too_many_challenges_the_oldest_are_forgotten()
    {
        var challenges = new Challenges(
            new ManualTime(), System.Security.Cryptography.RandomNumberGenerator.Fill);
        var first = challenges.Issue(Challenges.ForSignIn);
        var second = challenges.Issue(Challenges.ForSignIn);
        for (var i = 0; i < 9_999; i++)
        {
            challenges.Issue(Challenges.ForSignIn);
        }

        Assert.False(challenges.TryTake(Challenges.ForSignIn, first));
        Assert.True(challenges.TryTake(Challenges.ForSignIn, second));
    }

    private static async Task<byte[]> ChallengeAsync(Browser browser, string address)
    {
        using var document = JsonDocument.Parse(await browser.ReadAsync(address));
        return Base64Url.DecodeFromChars(document.RootElement.GetProperty("challenge").GetString());
    }

    /// <summary>Sends a form with the session's token and returns the page that follows.</summary>
    private static async Task<string> SendAsync(
        Browser browser, string path, params (string Name, string Value)[] fields)
    {
        using var answer = await browser.PostAsync(
            path, [.. fields, ("form_token", await browser.FormTokenAsync())]);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return await browser.ReadAsync(answer.Headers.Location!.ToString());
    }

    private async Task<string> EnrolAsync(Browser browser, string person = "bob", string? code = null)
    {
        var challenge = await ChallengeAsync(browser, "/console/passkeys/options");
        return await SendAsync(
            browser,
            "/console/passkeys",
            ("name", "My key"),
            ("code", code ?? ConsoleHost.CodeFor(person)),
            ("credential", TestAuthenticator.Json(_authenticator.Register(challenge))));
    }

    private async Task<string> AssertAsync(Browser browser) => TestAuthenticator.Json(
        _authenticator.Assert(await ChallengeAsync(browser, "/console/sign-in/options")));

    private async Task<HttpResponseMessage> SignInAsync(Browser browser) =>
        await browser.PostAsync("/console/passkeys/sign-in", ("credential", await AssertAsync(browser)));

    private Task<string> SignAsync(
        Browser browser, ActionRecord record, string decision, TestAuthenticator? other = null) =>
        SignAsync(browser, record, decision, decision == "deny" ? "sign-denial" : "sign-approval", other);

    /// <summary>Signs one answer and sends a form that says it is this or another.</summary>
    private async Task<string> SignAsync(
        Browser browser, ActionRecord record, string signed, string sent, TestAuthenticator? other = null)
    {
        var digest = record.Action.Digest.Value;
        var statement = JsonNode.Parse(await browser.ReadAsync(
            $"/console/actions/{record.Id}/statement?decision={signed}&digest={digest}"))!;
        var challenge = Base64Url.DecodeFromChars(statement["options"]!["challenge"]!.GetValue<string>());
        var answer = new JsonObject
        {
            ["statement"] = statement["statement"]!.GetValue<string>(),
            ["seal"] = statement["seal"]!.GetValue<string>(),
            ["credential"] = JsonNode.Parse(TestAuthenticator.Json((other ?? _authenticator).Assert(challenge))),
        };
        return await SendAsync(
            browser,
            $"/console/actions/{record.Id}/votes",
            ("decision", sent),
            ("digest", digest),
            ("assertion", answer.ToJsonString()));
    }

    private static async Task<ActionRecord> FindAsync(ConsoleHost host, ActionId id) =>
        (await host.Office.Gatekeeper.FindAsync(id, Cancellation))!;
}
