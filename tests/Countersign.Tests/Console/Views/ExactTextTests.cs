using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core.Actions.Json;
using Countersign.Server.Console.Views;

namespace Countersign.Tests.Console.Views;

public sealed class ExactTextTests
{
    [Theory]
    [InlineData("{}", "{}")]
    [InlineData("[]", "[]")]
    [InlineData("null", "null")]
    [InlineData("""{"b":[],"a":{}}""", "{\n  \"a\": {},\n  \"b\": []\n}")]
    [InlineData("""[1,[2,{"x":true}]]""", "[\n  1,\n  [\n    2,\n    {\n      \"x\": true\n    }\n  ]\n]")]
    [InlineData("""{"n":9007199254740993}""", "{\n  \"n\": 9007199254740993\n}")]
    [InlineData("""{"q":"a \"b\" \\ c"}""", "{\n  \"q\": \"a \\\"b\\\" \\\\ c\"\n}")]
    [Trait("Threat", "THR-044"), Trait("CWE", "451")]
    public void Canonical_json_is_laid_out_without_changing_a_value(string json, string shown) =>
        Assert.Equal(shown, TextOf(Show(json)));

    [Fact]
    public void A_document_without_surprises_is_laid_out_like_one_with_one()
    {
        var members = string.Join(',', Enumerable.Range(0, 200).Select(i => $$"""
            {"a{{i}}":[true,null,{{i * 1000}},"text {{i}} of (many)",{},[]]}
            """));

        var plain = Show($"[{members}]");
        var other = Show($$"""[{{members}},"café"]""");

        Assert.NotNull(plain.Full);
        Assert.Equal(plain.Full[..^2], other.Full![..(plain.Full.Length - 2)]);
        Assert.Equal(plain.Pieces[0], other.Pieces[0]);
        Assert.Equal(17, plain.Pieces[^1].Text.Split('\n').Length);
    }

    [Fact]
    public void The_layout_is_that_of_a_serializer()
    {
        var indented = new JsonSerializerOptions
        {
            WriteIndented = true,
            NewLine = "\n",
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        for (var seed = 0; seed < 300; seed++)
        {
            var json = DocumentOf(new Random(seed), depth: 0);
            var canonical = Canonical(json);
            var expected = JsonSerializer.Serialize(JsonDocument.Parse(canonical.Bytes).RootElement, indented);

            Assert.Equal(expected, ExactText.WholeOf(canonical));

            var lines = expected.Split('\n');
            var view = ExactText.Of(canonical);
            Assert.Equal(lines.Length > 65, view.IsShortened);
            Assert.Equal(view.IsShortened ? expected : null, view.Full);
            Assert.Equal(string.Join('\n', lines.Take(view.IsShortened ? 48 : lines.Length)), view.Pieces[0].Text);
            Assert.Equal(string.Join('\n', lines.TakeLast(view.IsShortened ? 17 : lines.Length)), view.Pieces[^1].Text);
        }
    }

    [Fact]
    public void A_line_feed_is_shown_as_its_escape_and_as_a_line() =>
        Assert.Equal("{\n  \"sql\": \"SELECT 1\\n\n    FROM t\"\n}", TextOf(Show("""{"sql":"SELECT 1\nFROM t"}""")));

    [Fact]
    public void An_escaped_backslash_before_n_is_no_line_feed() =>
        Assert.Equal("{\n  \"path\": \"C:\\\\new\"\n}", TextOf(Show("""{"path":"C:\\new"}""")));

    [Fact]
    public void Text_that_spells_an_escape_differs_from_the_character_it_names()
    {
        Assert.Equal("\"\\u{202E}\"", TextOf(Show("\"\\u202e\"")));
        Assert.Equal("\"\\\\u{005C}u{202E}\"", TextOf(Show("\"\\\\u{202E}\"")));
    }

    [Fact]
    [Trait("Threat", "THR-037"), Trait("CWE", "451")]
    public void A_long_string_shows_head_and_tail_and_counts_what_is_between()
    {
        var text = "HEAD" + string.Concat(Enumerable.Repeat("xy", 1000)) + "TAIL";

        var view = Show($$"""{"a":"{{text}}","b":1}""");

        var cut = Assert.Single(view.Pieces, piece => piece.IsCut);
        Assert.Equal($"{text.Length - 440:N0} bytes hidden", cut.Text);
        Assert.StartsWith("{\n  \"a\": \"HEADxyx", view.Pieces[0].Text);
        Assert.EndsWith("yxyTAIL\",\n  \"b\": 1\n}", view.Pieces[^1].Text);
        Assert.Contains(text, view.Full);
    }

    [Fact]
    public void A_cut_never_divides_a_character()
    {
        var view = Show($"\"{string.Concat(Enumerable.Repeat("😀😁", 200))}\"");

        Assert.DoesNotContain("\\u{", TextOf(view));
    }

    [Theory]
    [InlineData("", 119)]
    [InlineData("", 118)]
    [InlineData("x", 119)]
    [InlineData("x", 118)]
    public void A_cut_never_divides_an_escape(string before, int letters)
    {
        // A cut between two characters that belong together would show a line feed that is not there.
        var text = before + string.Concat(Enumerable.Repeat("\\\\\\\\nm", 200)) + "\\\\"
            + string.Concat(Enumerable.Range(0, letters).Select(i => i % 2 == 0 ? 'n' : 'm'));

        var view = Show($"\"{text}\"");

        Assert.DoesNotContain('\n', TextOf(view));
        Assert.Equal(0, view.Pieces[0].Text.Count(c => c == '\\') % 2);
    }

    [Fact]
    public void Many_lines_show_the_first_and_the_last()
    {
        var view = Show($"[{string.Join(',', Enumerable.Range(0, 1000))}]");

        Assert.Contains(view.Pieces, piece => piece is { IsCut: true, Text: "937 lines hidden" });
        Assert.StartsWith("[\n  0,\n", TextOf(view));
        Assert.EndsWith("  999\n]", TextOf(view));
        Assert.Contains("  500,\n", view.Full);
    }

    [Fact]
    public void What_a_page_cannot_hold_is_left_to_the_download()
    {
        var view = Show($"\"{new string('x', 3_000_000)}\"");

        Assert.True(view.IsShortened);
        Assert.Null(view.Full);
    }

    [Theory]
    [InlineData("plain \u001b[31mtext", "plain \\u{001B}[31mtext")]
    [InlineData("""{"a":1,"a":2}""", """{"a":1,"a":2}""")]
    public void An_answer_that_is_no_json_is_shown_as_text(string answer, string shown) =>
        Assert.Equal(shown, TextOf(ExactText.Of(Encoding.UTF8.GetBytes(answer))));

    /// <summary>Of signs that have a meaning in JSON as well, and none that is shown otherwise.</summary>
    private static string DocumentOf(Random random, int depth) => random.Next(depth > 5 ? 4 : 7) switch
    {
        0 => random.Next().ToString(CultureInfo.InvariantCulture),
        1 => "null",
        2 or 3 => $"\"{new string(random.GetItems("{}[],: ax".AsSpan(), random.Next(12)))}\"",
        4 => $"[{string.Join(',', Enumerable.Range(0, random.Next(9)).Select(_ => DocumentOf(random, depth + 1)))}]",
        _ => "{" + string.Join(',', Enumerable.Range(0, random.Next(9)).Select(
            i => $"\"{i}{"{}[],: "[random.Next(7)]}\":{DocumentOf(random, depth + 1)}")) + "}",
    };

    private static ExactView Show(string json) => ExactText.Of(Canonical(json));

    private static CanonicalJson Canonical(string json)
    {
        Assert.True(CanonicalJson.TryCanonicalize(
            Encoding.UTF8.GetBytes(json), JsonLimits.Default, out var canonical, out var refusal), refusal?.Message);
        return canonical;
    }

    private static string TextOf(ExactView view) => string.Concat(view.Pieces.Select(piece => piece.Text));
}
