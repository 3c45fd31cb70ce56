using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Api;
using Countersign.Gates.Postgres.Statements;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Channels.Teams;
using Countersign.Server.Cli.Action;
using Countersign.Server.Console.Views;
using Countersign.Tests.Channels.Slack;
using Countersign.Tests.Channels.Teams;
using Countersign.Tests.Console;

namespace Countersign.Tests.Threats;

/// <summary>
/// What people are shown is what will happen, the same in every channel, and said by the gateway alone.
/// </summary>
public sealed partial class DisplayTests : IAsyncLifetime
{
    private const string Attack = "\"><b aria-label='harmless' title='harmless'>&";

    private SlackHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    [Trait("Threat", "THR-038"), Trait("CWE", "451")]
    public async Task One_dangerous_statement_among_five_hundred_is_named_in_every_channel()
    {
        var statements = Enumerable.Range(0, 500).Select(i => i == 347
            ? (Text: "DELETE FROM orders", Does: new Effects { Verbs = ["DELETE"], NoWhere = true })
            : (Text: $"UPDATE orders SET id = 1 WHERE id = {i}", Does: new Effects { Verbs = ["UPDATE"] })).ToList();
        var effects = statements.Select(statement => statement.Does).Aggregate((all, next) => all.Then(next));
        Assert.Equal(["DELETE", "UPDATE"], effects.Verbs.Order());
        var record = await _host.Console.AskAsync(new Ask
        {
            Target = "orders-db",
            Operation = "sql",
            Arguments = JsonSerializer.Serialize(
                new { text = string.Join(";\n", statements.Select(statement => statement.Text)) }),
            Facts = Facts.Of("sql", ("no_where", effects.NoWhere)),
        });

        var shown = await ShowAsync(record);

        Assert.All(shown, text => Assert.Contains("without a WHERE clause", text.Value, StringComparison.Ordinal));
        Assert.DoesNotContain(
            SlackHost.ButtonsOf(SlackOf(record)), button => (string?)button["action_id"] == "approve");
    }

    /// <summary>A path of an HTTP request stands in the operation and nowhere else.</summary>
    [Fact]
    [Trait("Threat", "THR-037"), Trait("CWE", "451")]
    public async Task The_end_of_a_long_operation_is_shown_wherever_it_can_be_approved()
    {
        var folders = string.Join('/', Enumerable.Range(100, 200));
        var operation = $"DELETE /files/{folders}/prod-0.tfvars";
        var record = await _host.Console.AskAsync(new Ask { Operation = operation });

        foreach (var (channel, text) in await ShowAsync(record))
        {
            Assert.True(text.Contains("prod-0.tfvars", StringComparison.Ordinal), $"{channel}: {text}");
        }

        using var bob = await _host.Console.OpenForAsync("bob");
        Assert.Contains(operation, await bob.ReadAsync($"/console/actions/{record.Id}"), StringComparison.Ordinal);
        Assert.Contains(operation, TextOf(record), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "Approve what nobody can see into?")]
    [InlineData(false, null)]
    public async Task A_statement_that_nobody_can_see_into_takes_more_than_a_press(bool isOpaque, string? question)
    {
        var facts = Facts.Of("sql", ("opaque", isOpaque));
        var record = await _host.Console.AskAsync(new Ask { Operation = "sql", Facts = facts });

        Assert.Equal(isOpaque ? "ops" : null, CardComposer.ConfirmationOf(record));
        var approve = SlackHost.ButtonsOf(SlackOf(record)).Single(each => (string?)each["action_id"] == "approve");
        Assert.Equal(question, (string?)approve["confirm"]?["title"]?["text"]);
    }

    [Fact]
    [Trait("Threat", "THR-043"), Trait("CWE", "451")]
    public async Task The_environment_is_that_of_the_configuration_whatever_the_request_calls_itself()
    {
        var production = await _host.Console.AskAsync(Named("ops"));
        var sandbox = await _host.Console.AskAsync(Named("sandbox"));

        foreach (var (record, environment) in ((ActionRecord, string)[])
            [(production, "production"), (sandbox, "development")])
        {
            using var bob = await _host.Console.OpenForAsync("bob");
            var page = await bob.ReadAsync($"/console/actions/{record.Id}");
            Assert.Equal([environment], Badge().Matches(page).Select(badge => badge.Groups[1].Value).Distinct());
            Assert.StartsWith($"[{environment}] ", (string)SlackOf(record)["blocks"]![0]!["text"]!["text"]!);
            Assert.Contains($"[{environment}] ", TeamsHost.TextOf(TeamsOf(record)), StringComparison.Ordinal);
            Assert.Contains(environment, TextOf(record), StringComparison.Ordinal);
        }

        static Ask Named(string target) => new()
        {
            Target = target,
            Arguments = """{"environment":"[staging]","target":"staging"}""",
            Reason = "[staging] only",
        };
    }

    [Theory]
    [InlineData("2026-11-21T11:00:00+01:00")]
    [InlineData("2026-11-20T23:00:00-11:00")]
    [Trait("Threat", "THR-044"), Trait("CWE", "451")]
    public void A_time_is_shown_in_one_zone_and_names_it(string at) =>
        Assert.Equal("2026-11-21 10:00:00 UTC", Words.Clock(DateTimeOffset.Parse(at)));

    [Fact]
    [Trait("Threat", "THR-044"), Trait("CWE", "451")]
    public async Task An_amount_is_shown_as_it_is_hashed_and_a_count_says_whether_it_was_counted()
    {
        var record = await _host.Console.AskAsync(new Ask
        {
            Arguments = """{"amount":"1.000,50","cents":1000000000000000001}""",
            Preview = new Preview("pays") { Rows = 12_000, Exact = false },
        });

        var shown = await ShowAsync(record);

        Assert.All(shown, text =>
        {
            Assert.Contains("1.000,50", text.Value, StringComparison.Ordinal);
            Assert.Contains("1000000000000000001", text.Value, StringComparison.Ordinal);
            Assert.Contains("12,000, estimated", text.Value, StringComparison.Ordinal);
        });
    }

    [Fact]
    [Trait("Threat", "THR-045"), Trait("CWE", "116")]
    public async Task Every_channel_says_the_same_of_the_same_action()
    {
        var record = await _host.Console.AskAsync(new Ask
        {
            Operation = "drop_t\u0430ble",
            Facts = Facts.Of("sql", ("no_where", true), ("deferred_code", true)),
            Preview = new Preview("Deletes everything") { Rows = 7, Exact = true, Reversible = false },
        });
        string[] said =
        [
            Card.Of(record).Headline, "Deletes everything", "7, counted", "it cannot be undone",
            "without a WHERE clause", "mixes letters of look-alike scripts", Card.Of(record).ShortDigest,
            .. FindingLines.Of(record),
        ];

        var shown = await ShowAsync(record);

        Assert.All(shown, text => Assert.All(
            said, words => Assert.True(text.Value.Contains(words, StringComparison.Ordinal), $"{text.Key}: {words}")));
    }

    [Fact]
    [Trait("Threat", "THR-046"), Trait("CWE", "451")]
    public async Task What_is_read_aloud_is_what_is_seen_and_never_the_agents_own()
    {
        var record = await _host.Console.AskAsync(new Ask
        {
            Operation = Attack,
            Arguments = JsonSerializer.Serialize(new { text = Attack }),
            Reason = Attack,
        });
        using var bob = await _host.Console.OpenForAsync("bob");

        var page = await bob.ReadAsync($"/console/actions/{record.Id}");
        var message = SlackOf(record);

        var names = Name().Matches(page).Select(name => name.Groups[1].Value).ToHashSet();
        Assert.Equal(["Arguments", "Console"], names.Order());
        Assert.All(Title().Matches(page), title => Assert.Matches("^[0-9: -]+ UTC$", title.Groups[1].Value));
        Assert.StartsWith(TitleOf(page, "h1"), TitleOf(page, "title"), StringComparison.Ordinal);
        Assert.Contains(
            (string)message["blocks"]![0]!["text"]!["text"]!, (string)message["text"]!, StringComparison.Ordinal);
    }

    /// <summary>An explanation by a model would be one that the payload can write.</summary>
    [Fact]
    [Trait("Threat", "THR-047"), Trait("CWE", "451")]
    public void No_model_explains_anything_the_server_has_no_library_that_could_ask_one()
    {
        string[] Asking(string project) =>
        [
            .. XDocument.Load(RepositoryRoot.Combine($"src/{project}/{project}.csproj"))
                .Descendants("PackageReference").Select(package => package.Attribute("Include")!.Value)
                .Where(name => Model().IsMatch(name)),
        ];

        Assert.NotEmpty(Asking("Countersign.Client"));
        Assert.All(
            (string[])["Countersign.Core", "Countersign.Gates", "Countersign.Server"],
            project => Assert.Empty(Asking(project)));
    }

    /// <summary>What each channel shows of an action, as its reader sees it.</summary>
    private async Task<Dictionary<string, string>> ShowAsync(ActionRecord record)
    {
        using var bob = await _host.Console.OpenForAsync("bob");
        return new Dictionary<string, string>
        {
            ["console"] = WebUtility.HtmlDecode(await bob.ReadAsync($"/console/actions/{record.Id}")),
            ["slack"] = WebUtility.HtmlDecode(SlackHost.TextOf(SlackOf(record))),
            ["teams"] = TeamsHost.TextOf(TeamsOf(record)),
            ["command line"] = TextOf(record),
        };
    }

    private System.Text.Json.Nodes.JsonObject SlackOf(ActionRecord record) => _host.Console.Service<SlackCard>()
        .Render(record, isFirst: null, owed: []).ToArguments("C1", ts: null);

    private System.Text.Json.Nodes.JsonObject TeamsOf(ActionRecord record) => new TeamsCard(
        () => _host.Console.Charter, _host.Console.Service<CardMask>(), _host.Console.Service<Func<ActionId, Uri>>())
        .Render(record, new CardContext(IsFirst: null, Owed: []));

    private static string TextOf(ActionRecord record) => ActionText.Page(JsonElement.Parse(ActionJson.Write(
        record,
        new Countersign.Gates.Api.ActionView { Url = new Uri("http://console.test"), WithResult = true }).Span));

    private static string TitleOf(string page, string element) =>
        Regex.Match(page, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline).Groups[1].Value;

    [GeneratedRegex("class=\"env env-[a-z]+\">([^<]*)<")]
    private static partial Regex Badge();

    [GeneratedRegex("aria-label=\"([^\"]*)\"")]
    private static partial Regex Name();

    [GeneratedRegex(" title=\"([^\"]*)\"")]
    private static partial Regex Title();

    [GeneratedRegex(@"(^|\.)AI(\.|$)|OpenAI|Anthropic|SemanticKernel|Ollama|Onnx|ML\.", RegexOptions.IgnoreCase)]
    private static partial Regex Model();
}
