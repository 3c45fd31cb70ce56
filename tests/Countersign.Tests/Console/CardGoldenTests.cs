using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Api;
using Countersign.Server.Cli.Action;
using ActionView = Countersign.Gates.Api.ActionView;

namespace Countersign.Tests.Console;

/// <summary>
/// The card as a page of the console and as text for a terminal. After a wanted change, run these tests once with
/// <c>COUNTERSIGN_GOLDEN=write</c> and read the difference.
/// </summary>
public sealed partial class CardGoldenTests : IAsyncLifetime
{
    private ConsoleHost _host = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await ConsoleHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_open_review_with_everything_that_can_be_said()
    {
        _host.Require(
            ConsoleHost.Need("production-writes", "Changes need a database owner.", ConsoleHost.Of("group:dba", 2)),
            ConsoleHost.Need("big", "Big ones too.", ConsoleHost.Of("carol", 1), ConsoleHost.Of("group:oncall", 1)));
        await AssertGoldenAsync("open", await _host.AskAsync(new Ask
        {
            Target = "orders-db",
            Operation = "sql",
            Arguments = """
                {"parameters":[],"text":"DELETE FROM orders\nWHERE note <> '*b*' & 1 > 0 -- `x` <script>\u202e"}
                """,
            Reason = "Cleaning up, see <https://evil.example|the ticket> *now*",
            OnBehalfOf = "dora",
            Facts = Facts.Of("sql", ("no_where", true), ("opaque", false)),
            Preview = new Preview("Deletes 48,112 rows of orders")
            {
                Statement = "DELETE FROM orders",
                Rows = 48112,
                Exact = true,
                Reversible = false,
                Cascades = [new Cascade("order_lines", 120_000)],
                Locks = ["orders: row exclusive"],
                Effects = ["trigger audit runs"],
            },
        }));
    }

    [Fact]
    public async Task A_review_without_a_preview() => await AssertGoldenAsync("bare", await _host.AskAsync(new Ask()));

    [Fact]
    public async Task A_review_whose_preview_failed() => await AssertGoldenAsync("failed", await _host.AskAsync(new Ask
    {
        Preview = new Preview("") { Error = "the tool 'plan' did not answer" },
    }));

    [Fact]
    public async Task A_review_that_was_changed_and_rehearsed()
    {
        var asked = await _host.AskAsync(new Ask
        {
            Target = "orders-db",
            Operation = "sql",
            Arguments = """{"parameters":[],"text":"DELETE FROM orders"}""",
        });
        using var bob = await _host.OpenForAsync("bob");
        using var carol = await _host.OpenForAsync("carol");
        using var revised = await bob.ReviseAsync(asked.Id.Value, new Wish(
            asked.Action.Digest.Value, "[]", "Only *old* ones\u202e.")
        {
            Statement = "DELETE FROM orders WHERE id < 9",
        });
        _host.Finding = new RehearsalFinding
        {
            Commands = ["DELETE 1048", "NOTIFY"],
            Rows = 1048,
            Warnings = ["Its notifications <b>were</b> not sent."],
        };
        await RehearseAsync();
        _host.Finding = new RehearsalFinding { Commands = [], Error = "lock \u202etimeout" };
        await RehearseAsync();

        await AssertGoldenAsync("rehearsed", await FindAsync());

        async Task<ActionRecord> FindAsync() => (await _host.Office.Gatekeeper.FindAsync(asked.Id, Cancelled))!;

        async Task RehearseAsync()
        {
            using var answer = await carol.PostAsync(
                $"/console/actions/{asked.Id}/dry-run",
                ("digest", (await FindAsync()).Action.Digest.Value),
                ("form_token", await carol.FormTokenAsync()));
        }
    }

    private async Task AssertGoldenAsync(string name, ActionRecord record)
    {
        var json = JsonElement.Parse(ActionJson.Write(
            record, new ActionView { Url = new Uri("http://console.test"), WithResult = true }).Span);
        await AssertSameAsync($"{name}.txt", record, ActionText.Page(json) + "\n");
        using var bob = await _host.OpenForAsync("bob");
        var page = await bob.ReadAsync($"/console/actions/{record.Id}");
        await AssertSameAsync($"{name}.html", record, Content().Match(page).Value + "\n");
    }

    private static async Task AssertSameAsync(string file, ActionRecord record, string text)
    {
        text = text.ReplaceLineEndings("\n").Replace(record.Id.Value, "act_ID", StringComparison.Ordinal);
        text = Left().Replace(Token().Replace(Time().Replace(text, "TIME"), "value=\"TOKEN\""), "LEFT");
        var path = Path.Combine(
            RepositoryRoot.Path, "tests", "Countersign.Tests", "Console", "Golden", file);
        if (Environment.GetEnvironmentVariable("COUNTERSIGN_GOLDEN") == "write")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, text, Cancelled);
        }

        Assert.Equal((await File.ReadAllTextAsync(path, Cancelled)).ReplaceLineEndings("\n"), text);
    }

    [GeneratedRegex("<main.*</main>", RegexOptions.Singleline)]
    private static partial Regex Content();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+00:00)?")]
    private static partial Regex Time();

    [GeneratedRegex("value=\"[A-Za-z0-9_+/=-]{32,}\"")]
    private static partial Regex Token();

    [GeneratedRegex(@"\b\d+ (min|minutes|s|seconds|h)\b")]
    private static partial Regex Left();
}
