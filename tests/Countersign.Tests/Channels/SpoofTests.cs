using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Api;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Email;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Channels.Teams;
using Countersign.Server.Cli.Action;
using Countersign.Tests.Channels.Slack;
using Countersign.Tests.Channels.Teams;
using Countersign.Tests.Console;

namespace Countersign.Tests.Channels;

/// <summary>
/// Texts that try to look like something else, each in every place an agent can write and in every channel that shows
/// it. What counts as dangerous is decided here, from Unicode's own tables, and not by the product's code.
/// </summary>
public sealed partial class SpoofTests : IAsyncLifetime
{
    private const int LeastPayloads = 200;
    private const int LeastIdeas = 20;
    private const int MostOfAMail = 2048;
    private const string SpelledSpelling = @"\u{005C}u{";

    private static readonly Spoof[] All = JsonSerializer.Deserialize<Spoof[]>(
        File.ReadAllText(RepositoryRoot.Combine("tests/Countersign.Tests/Channels/spoofs.json")),
        JsonSerializerOptions.Web)!;

    private SlackHost _host = null!;

    public static TheoryData<string> Ideas => [.. All.Select(spoof => spoof.Idea).Distinct()];

    public async ValueTask InitializeAsync() => _host = await SlackHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public void The_corpus_is_large_and_holds_nothing_twice()
    {
        Assert.True(All.Length >= LeastPayloads);
        Assert.True(Ideas.Count >= LeastIdeas);
        Assert.Equal(All.Length, All.Select(spoof => spoof.Text).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Ideas))]
    [Trait("Threat", "THR-035"), Trait("CWE", "1007")]
    [Trait("Threat", "THR-039"), Trait("CWE", "79")]
    public async Task Slack_shows_it_for_what_it_is(string idea)
    {
        foreach (var (spoof, record) in await AskAsync(idea))
        {
            var message = _host.Console.Service<SlackCard>()
                .Render(record, isFirst: null, owed: []).ToArguments("C1", ts: null);
            var shown = SlackHost.TextOf(message);
            var buttons = SlackHost.ButtonsOf(message).Select(button => button["action_id"]!.GetValue<string>());

            AssertHarmless(spoof, shown);
            AssertTold(spoof, shown, "Look closely:");
            Assert.Empty(SlackLengths.Find(message));
            Assert.False(ActiveMarkup().IsMatch(shown), $"{spoof}: {shown}");
            Assert.All(TextObjects(message), text => AssertInert(text, spoof));
            Assert.Equal(spoof.How != "long", buttons.Contains("approve"));
        }
    }

    [Theory]
    [MemberData(nameof(Ideas))]
    [Trait("Threat", "THR-035"), Trait("CWE", "1007")]
    [Trait("Threat", "THR-039"), Trait("CWE", "79")]
    public async Task Teams_shows_it_for_what_it_is(string idea)
    {
        // Of the card only where it is shown; what it is about is the same whatever else is there.
        var card = new TeamsCard(
            () => _host.Console.Charter,
            _host.Console.Service<CardMask>(),
            _host.Console.Service<Func<ActionId, Uri>>());
        foreach (var (spoof, record) in await AskAsync(idea))
        {
            var json = card.Render(record, new CardContext(IsFirst: null, Owed: []));
            var shown = TeamsHost.TextOf(json);

            AssertHarmless(spoof, shown);
            AssertTold(spoof, shown, "Look closely:");
            AssertHarmless(spoof, card.SummaryOf(record));
            Assert.All(TypesOf(json), type => Assert.Contains(type, InertInTeams));
            Assert.Equal(spoof.How != "long", TeamsHost.VerbsOf(json).Contains("approve"));
        }
    }

    [Theory]
    [MemberData(nameof(Ideas))]
    [Trait("Threat", "THR-035"), Trait("CWE", "1007")]
    [Trait("Threat", "THR-042"), Trait("CWE", "79")]
    public async Task The_console_shows_it_for_what_it_is(string idea)
    {
        using var browser = await _host.Console.OpenForAsync("bob");
        foreach (var (spoof, record) in await AskAsync(idea))
        {
            var html = await browser.ReadAsync($"/console/actions/{record.Id}");
            var text = WebUtility.HtmlDecode(html);
            var exact = WebUtility.HtmlDecode(Exact().Match(html).Groups[1].Value);

            AssertHarmless(spoof, text, exact);
            AssertTold(spoof, text, "<h2 id=\"findings\">");
            if (spoof.Text.AsSpan().ContainsAny('<', '"'))
            {
                Assert.DoesNotContain(spoof.Text, html, StringComparison.Ordinal);
            }

            Assert.True(spoof.How != "long" || html.Contains("hidden</mark>", StringComparison.Ordinal), html);
        }
    }

    [Theory]
    [MemberData(nameof(Ideas))]
    [Trait("Threat", "THR-035"), Trait("CWE", "1007")]
    [Trait("Threat", "THR-041"), Trait("CWE", "150")]
    public async Task The_command_line_shows_it_for_what_it_is(string idea)
    {
        foreach (var (spoof, record) in await AskAsync(idea))
        {
            var json = JsonElement.Parse(ActionJson.Write(
                record, new ActionView { Url = new Uri("http://console.test"), WithResult = true }).Span);

            var text = ActionText.Page(json);

            AssertHarmless(spoof, text);
            AssertTold(spoof, text, "Look closely:");
            Assert.True(spoof.How != "long" || text.Contains(spoof.Text[^20..], StringComparison.Ordinal), text);
        }
    }

    [Theory]
    [InlineData(15, false)]
    [InlineData(20, true)]
    public async Task The_command_line_counts_an_indent_that_pushes_text_out_of_sight(int depth, bool isCounted)
    {
        var record = await _host.Console.AskAsync(new Ask
        {
            Operation = "note",
            Arguments = $$"""{"a":{{new string('[', depth)}}"x"{{new string(']', depth)}}}""",
        });

        var text = ActionText.Page(JsonElement.Parse(ActionJson.Write(
            record, new ActionView { Url = new Uri("http://console.test"), WithResult = true }).Span));

        Assert.Equal(isCounted, text.Contains(@"\u{0020×", StringComparison.Ordinal));
        Assert.DoesNotContain(new string(' ', 2 + DisplayText.MaxBlanks + 1), text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ideas))]
    [Trait("Threat", "THR-035"), Trait("CWE", "1007")]
    [Trait("Threat", "THR-039"), Trait("CWE", "79")]
    public async Task A_mail_shows_it_for_what_it_is_or_not_at_all(string idea)
    {
        var card = new EmailCard(
            () => _host.Console.Charter,
            _host.Console.Service<CardMask>(),
            id => new Uri($"http://console.test/console/actions/{id}"));
        var bob = new EmailRecipient(
            new PersonId("bob"), "Bob", EmailAddress.Parse("bob@example.com"), _host.Time.GetUtcNow(), InPlaceOf: null);
        foreach (var (spoof, record) in await AskAsync(idea))
        {
            using var mime = card.Render(record, bob).ToMime(bob.Address, _host.Time.GetUtcNow());
            var text = mime.TextBody!.ReplaceLineEndings("\n");

            AssertHarmless(spoof, text);
            AssertHarmless(spoof, mime.Subject!);
            Assert.DoesNotContain('\n', mime.Subject!);
            // The one address is ours, and stands where it always does.
            Assert.Equal(1, text.Split("://").Length - 1);
            Assert.True(Encoding.UTF8.GetByteCount(text) < MostOfAMail, $"{spoof} fills the mail");
        }
    }

    private async Task<List<(Spoof Spoof, ActionRecord Record)>> AskAsync(string idea)
    {
        var asked = new List<(Spoof, ActionRecord)>();
        foreach (var spoof in All.Where(spoof => spoof.Idea == idea))
        {
            var arguments = JsonSerializer.SerializeToUtf8Bytes(new { text = spoof.Text });
            asked.Add((spoof, await _host.Console.AskAsync(new Ask
            {
                Operation = spoof.How is "long" or "counted" ? "note" : spoof.Text,
                Arguments = Encoding.UTF8.GetString(arguments),
                Reason = spoof.Text,
            })));
        }

        return asked;
    }

    /// <summary>Nothing that misleads is there as itself.</summary>
    private static void AssertHarmless(Spoof spoof, string shown, string? exact = null)
    {
        foreach (var rune in shown.EnumerateRunes())
        {
            Assert.False(IsDangerous(rune), $"{spoof} leaves U+{rune.Value:X4}");
        }

        Assert.False(Run().IsMatch(exact ?? shown), $"{spoof} leaves a run: {exact ?? shown}");
        Assert.False(EmptyLines().IsMatch(exact ?? shown), $"{spoof} leaves empty lines: {exact ?? shown}");
    }

    /// <summary>The reader is told, where the text itself still looks innocent or was spelled out.</summary>
    private static void AssertTold(Spoof spoof, string shown, string heading)
    {
        if (spoof.How is "spelled" or "flagged" or "counted")
        {
            Assert.True(shown.Contains(heading, StringComparison.Ordinal), $"{spoof} is not told of: {shown}");
        }

        if (spoof.How == "faked")
        {
            Assert.Contains(SpelledSpelling, shown, StringComparison.Ordinal);
        }
    }

    /// <summary>What a card may be made of: a <c>TextBlock</c> and a <c>FactSet</c> would take markdown.</summary>
    private static readonly string[] InertInTeams =
    [
        "AdaptiveCard", "RichTextBlock", "TextRun", "Container", "Input.Text", "ActionSet", "Action.Execute",
        "Action.OpenUrl",
    ];

    private static IEnumerable<string> TypesOf(System.Text.Json.Nodes.JsonNode? node) => node switch
    {
        System.Text.Json.Nodes.JsonObject members => members
            .Where(member => member.Key == "type").Select(member => (string)member.Value!)
            .Concat(members.SelectMany(member => TypesOf(member.Value))),
        System.Text.Json.Nodes.JsonArray items => items.SelectMany(TypesOf),
        _ => [],
    };

    private static IEnumerable<JsonElement> TextObjects(System.Text.Json.Nodes.JsonObject message)
    {
        var waiting = new Stack<JsonElement>([JsonElement.Parse(message["blocks"]!.ToJsonString())]);
        while (waiting.TryPop(out var next))
        {
            if (next.ValueKind == JsonValueKind.Object)
            {
                if (next.TryGetProperty("type", out var type) && type.GetString() is "plain_text" or "mrkdwn")
                {
                    yield return next;
                }

                next.EnumerateObject().ToList().ForEach(member => waiting.Push(member.Value));
            }
            else if (next.ValueKind == JsonValueKind.Array)
            {
                next.EnumerateArray().ToList().ForEach(waiting.Push);
            }
        }
    }

    /// <summary>Plain text makes no emoji; the one frame of the other kind opens and closes once.</summary>
    private static void AssertInert(JsonElement text, Spoof spoof)
    {
        if (text.GetProperty("type").GetString() == "plain_text")
        {
            Assert.False(text.GetProperty("emoji").GetBoolean());
            return;
        }

        var shown = text.GetProperty("text").GetString()!;
        Assert.True(text.GetProperty("verbatim").GetBoolean());
        Assert.StartsWith("```\n", shown, StringComparison.Ordinal);
        Assert.EndsWith("\n```", shown, StringComparison.Ordinal);
        Assert.False(shown[3..^3].Contains("```", StringComparison.Ordinal), $"{spoof} ends its frame");
    }

    private static bool IsDangerous(Rune rune) => rune.Value is not ('\n' or '\t') && (
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate
                or UnicodeCategory.EnclosingMark => true,
            UnicodeCategory.SpaceSeparator => rune.Value != ' ',
            _ => false,
        }
        || rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800 or 0x034F or 0x17B4 or 0x17B5
            or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0000 and <= 0xE0FFF) or (>= 0x180B and <= 0x180F)
            or (>= 0x0334 and <= 0x0338));

    /// <summary>Angle brackets and entities are Slack's markup; what we write has none.</summary>
    [GeneratedRegex("[<>]|&(?!amp;|lt;|gt;)")]
    private static partial Regex ActiveMarkup();

    [GeneratedRegex(@"([^\n])\1{100}")]
    private static partial Regex Run();

    [GeneratedRegex(@"\n(?:[ \t]*\n){5}")]
    private static partial Regex EmptyLines();

    [GeneratedRegex("<pre class=\"exact\"[^>]*>(.*?)</pre>", RegexOptions.Singleline)]
    private static partial Regex Exact();

    /// <summary>One text, what it tries, and how it is to be met.</summary>
    public sealed record Spoof(string Idea, string How, string Text)
    {
        public override string ToString() => $"{Idea}: {JsonSerializer.Serialize(Text)}";
    }
}
