using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Teams;
using Countersign.Server.Console.Views;
using Countersign.Tests.Console;

namespace Countersign.Tests.Channels.Teams;

/// <summary>
/// The card as Teams gets it, byte by byte. After a wanted change, run these tests once with
/// <c>COUNTERSIGN_GOLDEN=write</c> and read the difference.
/// </summary>
public sealed class TeamsCardTests : IAsyncLifetime
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Uri Page = new("https://countersign.example/console/actions/act_1");

    private static readonly CardReference Shown = new(
        ActionId.Parse("act_00000000000000000000000000"), 1, ActionDigest.Parse("sha256:" + new string('0', 64)));

    private TeamsHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await TeamsHost.StartAsync();

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
                {"parameters":[],"text":"DELETE FROM orders\nWHERE  note <> '*b*' & 1 > 0 -- `x` [y](https://evil)"}
                """,
            Reason = "Cleaning up, see [the ticket](https://evil.example) **now** <at>everybody</at>",
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
    public async Task One_that_only_may_be_denied_by_who_looks()
    {
        var record = await _host.AskAsync();
        var right = new VotingRight(MayApprove: false, MayDeny: true, "You stand behind this request.");

        AssertGolden("personal", record, isFirst: false, new TeamsViewer(right, "Nothing was recorded."));
    }

    [Fact]
    public async Task A_review_that_asks_for_more_than_a_press()
    {
        _host.Require(need: 1, Assurance.Session);

        AssertGolden("session", await _host.AskAsync(), isFirst: false);
    }

    [Fact]
    public async Task A_denied_one()
    {
        var asked = await _host.AskShownAsync();
        await _host.PressAsync("bob", "deny", ("comment", "use <archive>"));

        AssertGolden("denied", await _host.FindAsync(asked), isFirst: null);
    }

    [Fact]
    public async Task One_that_was_executed()
    {
        var asked = await _host.AskShownAsync();
        await _host.PressAsync("bob", "approve");

        AssertGolden("succeeded", await _host.EndOfAsync(asked), isFirst: null);
    }

    [Fact]
    public async Task One_that_is_too_long_for_a_card()
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

        Compare("short", Card.RenderShort(record), record.Id.Value);
    }

    [Fact]
    public void The_forms()
    {
        Compare("link", TeamsForms.ForLinking(Shown, Page));
        Compare("stop", TeamsForms.ForStopping(Shown, new AgentId("deploy-bot"), Page));
        Compare("stopped", TeamsForms.ForTelling(
            "Stopped", "deploy-bot: The agent is stopped.", TeamsActions.ForGoingBack(Shown, Page)));
        Compare("modify", TeamsForms.ForModifying(
            Shown, new ReviseView("DELETE FROM t", "[]") { Warning = "If you change it, nobody is left." }, Page));
        Compare("compared", TeamsForms.ForModifying(
            Shown,
            new ReviseView("DELETE FROM t WHERE id = 1", "[]") { Comment = "Only one." },
            Page,
            new Comparison(["- DELETE FROM t\n+ DELETE FROM t WHERE id = 1"], "0123"),
            "Try again."));
        Compare("notice", TeamsCard.Render(
            new ChannelNotice("The policy was changed back", "It was.", "Entry 7", Page)));
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

        var verbs = TeamsHost.VerbsOf(Card.Render(record, Known(null)));

        Assert.Equal(isThere, verbs.Contains("approve"));
        Assert.Contains("open", verbs);
        Assert.Contains("deny", verbs);
    }

    [Fact]
    public async Task Whatever_the_size_the_card_is_small_enough_for_teams()
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

        var card = Card.Render(big, Known(isFirst: true));

        Assert.True(card.ToJsonString().Length <= TeamsLimits.PostingCharacters);
        Assert.DoesNotContain("approve", TeamsHost.VerbsOf(card));
    }

    [Theory]
    [InlineData("a b", "a b")]
    [InlineData("  a  b ", "··a··b·")]
    [InlineData("a·b", @"a\u{00B7}b")]
    public void Blanks_that_a_browser_would_drop_can_be_counted(string line, string shown) =>
        Assert.Equal(shown, TeamsText.Countable(line));

    private TeamsCard Card => _host.Console.Service<TeamsCard>();

    private static CardContext Known(bool? isFirst) => new(isFirst, []);

    private void AssertGolden(string name, ActionRecord record, bool? isFirst, TeamsViewer? viewer = null) =>
        Compare(name, Card.Render(record, Known(isFirst), viewer), record.Id.Value);

    private static void Compare(string name, JsonObject json, string id = "act_1")
    {
        // The id is random, and the time of an execution is the machine's.
        var actual = json.ToJsonString(Readable).Replace(id, "act_id", StringComparison.Ordinal) + "\n";
        var path = RepositoryRoot.Combine($"tests/Countersign.Tests/Channels/Teams/Golden/{name}.json");
        if (Environment.GetEnvironmentVariable("COUNTERSIGN_GOLDEN") == "write")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }
}
