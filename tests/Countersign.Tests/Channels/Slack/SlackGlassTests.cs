using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Reviews;
using Countersign.Tests.Console;
using Countersign.Tests.Identity.Passkeys;

namespace Countersign.Tests.Channels.Slack;

/// <summary>What Slack and the first page of the console say when somebody broke the glass.</summary>
public sealed class SlackGlassTests : IDisposable
{
    private static readonly PersonId s_dora = new("dora");

    private readonly TestAuthenticator _authenticator = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _authenticator.Dispose();

    [Fact]
    [Trait("Threat", "THR-016"), Trait("CWE", "269")]
    public async Task The_channel_gets_a_message_of_its_own_and_the_console_counts_it()
    {
        await using var host = await SlackHost.StartAsync();
        host.Console.MakeGlassBreaker(s_dora.Value);
        var record = await host.AskShownAsync();

        Assert.IsType<GlassAnswer.Broken>(await BreakAsync(host.Console, record.Id));
        for (var round = 0; round < 5; round++)
        {
            await host.DeliverAsync();
            host.Time.Advance(TimeSpan.FromSeconds(2));
        }

        var notice = Assert.Single(
            host.Slack.Messages.Values,
            message => SlackHost.TextOf(message).Contains("Their reason: Nobody answers.", StringComparison.Ordinal));
        SlackGolden.Compare("glass-broken", notice);
        using var carol = await host.Console.OpenForAsync("carol");
        Assert.Contains(
            "The glass was broken once in the last 30 days: 1 waiting for review, 0 found unjustified",
            await carol.ReadAsync("/console"));
        Assert.Contains("broke the glass", await carol.ReadAsync($"/console/actions/{record.Id}"));
    }

    private async Task<GlassAnswer> BreakAsync(ConsoleHost host, Countersign.Core.Actions.ActionId id)
    {
        var challenge = new byte[32];
        Assert.IsType<PasskeyAnswer.Done>(await host.Office.Passkeys.EnrolAsync(
            new Voter(s_dora, Assurance.Session),
            new NewPasskey("Key", challenge, _authenticator.Register(challenge)),
            Cancel));
        var record = (await host.Office.Gatekeeper.FindAsync(id, Cancel))!;
        var statement = host.Office.Passkeys.StatementFor(record, s_dora, Decision.Approve);
        var codes = ConsoleHost.GlassCodes(() => host.Store.Now);
        return await host.Office.BreakGlass.BreakAsync(
            id,
            new Voter(s_dora, Assurance.Session),
            new GlassRequest(
                record.Action.Digest,
                "Nobody answers.",
                new SignedAnswer(
                    statement, _authenticator.Assert(DecisionStatement.ChallengeOf(statement.Statement.Span))),
                [codes.Create(new PersonId("bob")), codes.Create(new PersonId("carol"))]),
            Cancel);
    }
}
