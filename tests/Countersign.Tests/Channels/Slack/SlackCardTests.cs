using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Hosting;
using Countersign.Core.Storage;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Console.Views;
using Countersign.Tests.Console;

namespace Countersign.Tests.Channels.Slack;

/// <summary>The card as Slack gets it, byte by byte.</summary>
public sealed class SlackCardTests : IAsyncLifetime
{
    private SlackHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_open_review_with_everything_that_can_be_said()
    {
        _host.Console.Require(
            ConsoleHost.Need("production-writes", "Changes need a database owner.", ConsoleHost.Of("group:dba", 2))
                with { Assurance = Assurance.Chat },
            ConsoleHost.Need("big", "Big ones too.", ConsoleHost.Of("carol", 1), ConsoleHost.Of("group:oncall", 1)));
        var record = await _host.Console.AskAsync(new Ask
        {
            Target = "orders-db",
            Operation = "sql",
            Arguments = """
                {"parameters":[],"text":"DELETE FROM orders\nWHERE note <> '*b*' & 1 > 0 -- `x` <!channel>"}
                """,
            Reason = "Cleaning up, see <https://evil.example|the ticket> *now*",
            OnBehalfOf = "dora",
            Facts = Facts.Of("sql", ("no_where", true)),
            Preview = new Preview("Deletes 48,112 rows of orders")
            {
                Rows = 48112,
                Exact = true,
                Reversible = false,
                Cascades = [new Cascade("order_lines", 120_000)],
                Locks = ["orders: row exclusive"],
            },
        });

        AssertGolden("open", record, isFirst: true);
    }

    [Fact]
    public async Task A_review_that_asks_for_more_than_a_click()
    {
        _host.Require(need: 1, Assurance.Session);

        AssertGolden("session", await _host.AskAsync(), isFirst: false);
    }

    [Fact]
    public async Task A_denied_one()
    {
        var asked = await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "deny");
        await _host.SendAsync(_host.Slack.Submit("U0BOB", "comment", "use <archive>"));

        AssertGolden("denied", await _host.FindAsync(asked), isFirst: null);
    }

    [Fact]
    public async Task One_that_was_executed()
    {
        var asked = await _host.AskShownAsync();
        await _host.PressAsync("U0BOB", "approve");

        AssertGolden("succeeded", await _host.EndOfAsync(asked), isFirst: null);
    }

    [Fact]
    public async Task One_that_is_too_long_for_a_message()
    {
        var words = string.Join(' ', Enumerable.Range(0, 900).Select(i => $"word{i}"));

        AssertGolden("long", await _host.AskAsync($$"""{"text":"{{words}}"}"""), isFirst: null);
    }

    [Fact]
    public async Task One_that_only_its_reviewers_may_read() =>
        AssertGolden("restricted", await _host.Console.AskAsync(new Ask { Target = "vault" }), isFirst: null);

    [Fact]
    public async Task The_short_card()
    {
        var record = await _host.AskAsync();

        AssertGolden("short", Card.RenderShort(record));
    }

    [Fact]
    public void The_modals()
    {
        SlackGolden.Compare("deny-modal", SlackModal.ForDenying("act_1.1.sha256:0"));
        SlackGolden.Compare("link-modal", SlackModal.ForLinking());
        SlackGolden.Compare("stop-modal", SlackModal.ForStopping("act_1.1.sha256:0", new AgentId("deploy-bot")));
        SlackGolden.Compare("stopped-modal", SlackModal.ForTelling("Stopped", "deploy-bot: The agent is stopped."));
        SlackGolden.Compare("modify-modal", SlackModal.ForModifying(
            "act_1.1.sha256:0",
            new ReviseView("DELETE FROM t", "[]") { Warning = "If you change it, nobody is left." },
            new Uri("https://countersign.example/console/actions/act_1")));
        SlackGolden.Compare("compared-modal", SlackModal.ForModifying(
            "act_1.1.sha256:0",
            new ReviseView("DELETE FROM t WHERE id = 1", "[]") { Comment = "Only one." },
            new Uri("https://countersign.example/console/actions/act_1"),
            new Comparison(["- DELETE FROM t\n+ DELETE FROM t WHERE id = 1"], "0123")));
    }

    [Fact]
    public async Task A_policy_that_was_changed_back()
    {
        var payload = new PolicyPayload("sha256:1", "sha256:0", PolicyPayload.Approved, ["alice"], [])
        {
            Reverts = new PolicyReplaced(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero), 7),
        };
        await _host.Console.Store.CommitAsync(
            new Change
            {
                Entries = [new EntryDraft(EntryType.PolicyChanged, Action: null, Revision: 0, payload.ToBytes())],
                Outbox = [new OutboxDraft("slack", Action: null, Revision: 0, "policy-reverted")],
            },
            TestContext.Current.CancellationToken);

        await _host.DeliverAsync();
        await _host.DeliverAsync();

        SlackGolden.Compare("policy-reverted", _host.Slack.Message);
        Assert.Empty(_host.Console.Store.Outbox);
    }

    [Theory]
    [InlineData(2700, true)]
    [InlineData(3000, false)]
    [InlineData(100_000, false)]
    [Trait("Threat", "THR-037"), Trait("CWE", "451")]
    public async Task Approve_is_there_only_when_everything_is(int characters, bool isThere)
    {
        var text = string.Concat(Enumerable.Range(0, characters / 5).Select(i => $"{i % 10000:0000} "));
        var record = await _host.AskAsync($$"""{"text":"{{text}}"}""");
        var message = Card.Render(record, isFirst: null, owed: []);

        var verbs = SlackHost.ButtonsOf(message.ToArguments("C1", ts: null))
            .Select(button => button["action_id"]!.GetValue<string>());

        Assert.Equal(isThere, verbs.Contains("approve"));
        Assert.Contains("open", verbs);
        Assert.Contains("deny", verbs);
    }

    [Fact]
    public async Task Whatever_the_size_no_limit_of_slack_is_broken()
    {
        var text = new string('&', 3000);
        var big = await _host.Console.AskAsync(new Ask
        {
            Operation = text,
            Arguments = $$"""{"text":"{{text}}","more":"{{string.Concat(Enumerable.Range(0, 20_000))}}"}""",
            Reason = text,
            Preview = new Preview(text)
            {
                Rows = 1,
                Reversible = false,
                Cascades = [.. Enumerable.Range(0, 400).Select(i => new Cascade($"{text}{i}", i))],
                Effects = [.. Enumerable.Range(0, 400).Select(i => $"{text}{i}")],
            },
        });

        var message = Card.Render(big, isFirst: true, owed: []).ToArguments("C1", ts: null);

        Assert.Empty(SlackLengths.Find(message));
        Assert.DoesNotContain(
            SlackHost.ButtonsOf(message), button => button["action_id"]!.GetValue<string>() == "approve");
    }

    private SlackCard Card => _host.Console.Service<SlackCard>();

    private void AssertGolden(string name, ActionRecord record, bool? isFirst) =>
        AssertGolden(name, Card.Render(record, isFirst, owed: []));

    private static void AssertGolden(string name, SlackMessage message) =>
        SlackGolden.Compare(name, message.ToArguments("C0123", ts: null));
}
