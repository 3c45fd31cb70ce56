using Countersign.Core.Reviews;

namespace Countersign.Tests.Reviews;

public sealed class DisplayTextTests
{
    [Theory]
    [InlineData("DROP TABLE orders")]
    [InlineData("größer, naïve, 注文, заказ, παραγγελία")]
    [InlineData("a < b & c > \"d\"")]
    [InlineData("Наташа and Łukasz")]
    public void Ordinary_text_stays_as_it_is(string text)
    {
        var shown = DisplayText.OneLine(text);

        Assert.Equal(text, shown.Text);
        Assert.Equal(DisplayFlags.None, shown.Flags);
    }

    [Theory]
    [InlineData(0x0000, "\\u{0000}", DisplayFlags.Control)]
    [InlineData(0x000A, "\\u{000A}", DisplayFlags.Control)]
    [InlineData(0x001B, "\\u{001B}", DisplayFlags.Control)]
    [InlineData(0x007F, "\\u{007F}", DisplayFlags.Control)]
    [InlineData(0x009B, "\\u{009B}", DisplayFlags.Control)]
    [InlineData(0x2028, "\\u{2028}", DisplayFlags.Control)]
    [InlineData(0x2029, "\\u{2029}", DisplayFlags.Control)]
    [InlineData(0x202A, "\\u{202A}", DisplayFlags.Bidi)]
    [InlineData(0x202E, "\\u{202E}", DisplayFlags.Bidi)]
    [InlineData(0x2066, "\\u{2066}", DisplayFlags.Bidi)]
    [InlineData(0x2069, "\\u{2069}", DisplayFlags.Bidi)]
    [InlineData(0x200E, "\\u{200E}", DisplayFlags.Bidi)]
    [InlineData(0x200F, "\\u{200F}", DisplayFlags.Bidi)]
    [InlineData(0x061C, "\\u{061C}", DisplayFlags.Bidi)]
    [InlineData(0x200B, "\\u{200B}", DisplayFlags.Invisible)]
    [InlineData(0x200D, "\\u{200D}", DisplayFlags.Invisible)]
    [InlineData(0x2060, "\\u{2060}", DisplayFlags.Invisible)]
    [InlineData(0xFEFF, "\\u{FEFF}", DisplayFlags.Invisible)]
    [InlineData(0x00AD, "\\u{00AD}", DisplayFlags.Invisible)]
    [InlineData(0x00A0, "\\u{00A0}", DisplayFlags.Invisible)]
    [InlineData(0x3164, "\\u{3164}", DisplayFlags.Invisible)]
    [InlineData(0x2800, "\\u{2800}", DisplayFlags.Invisible)]
    [InlineData(0xFE0F, "\\u{FE0F}", DisplayFlags.Invisible)]
    [InlineData(0xE0041, "\\u{E0041}", DisplayFlags.Invisible)]
    [InlineData(0xE0101, "\\u{E0101}", DisplayFlags.Invisible)]
    [InlineData(0xE000, "\\u{E000}", DisplayFlags.Unassigned)]
    [InlineData(0x0378, "\\u{0378}", DisplayFlags.Unassigned)]
    [InlineData(0x10FFFF, "\\u{10FFFF}", DisplayFlags.Unassigned)]
    public void What_misleads_is_spelled_out_and_flagged(int character, string spelled, DisplayFlags flag)
    {
        var shown = DisplayText.OneLine($"rm {char.ConvertFromUtf32(character)}x");

        Assert.Equal($"rm {spelled}x", shown.Text);
        Assert.Equal(flag, shown.Flags);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_spelled_out()
    {
        var shown = DisplayText.OneLine("a\uD83Db");

        Assert.Equal("a\\u{D83D}b", shown.Text);
        Assert.Equal(DisplayFlags.Unassigned, shown.Flags);
    }

    [Fact]
    public void Lines_keep_line_feeds_and_tabs_and_nothing_else()
    {
        var shown = DisplayText.Lines("one\r\n\ttwo\rthree");

        Assert.Equal("one\n\ttwo\\u{000D}three", shown.Text);
        Assert.Equal(DisplayFlags.Control, shown.Flags);
    }

    [Theory]
    [InlineData("p\u0430ypal")]
    [InlineData("orders_\u0430rchive")]
    [InlineData("\u039Fracle")]
    [InlineData("d\uFF52op")]
    [Trait("Threat", "THR-036"), Trait("CWE", "1007")]
    public void A_word_of_two_look_alike_scripts_is_flagged(string text) =>
        Assert.Equal(DisplayFlags.MixedScript, DisplayText.OneLine(text).Flags);

    [Theory]
    [InlineData("orders заказы")]
    [InlineData("orders.заказы")]
    [InlineData("注文orders")]
    public void Scripts_side_by_side_are_not_mixed(string text) =>
        Assert.Equal(DisplayFlags.None, DisplayText.OneLine(text).Flags);

    [Theory]
    [InlineData("ok", 400, ' ', "; DROP", "ok\\u{0020×400}; DROP")]
    [InlineData("", 300, '-', "x", "\\u{002D×300}x")]
    [InlineData("a", 5, '\u200B', "b", "a\\u{200B×5}b")]
    public void A_run_is_counted(string before, int times, char what, string after, string shown)
    {
        var text = DisplayText.OneLine(before + new string(what, times) + after);

        Assert.Equal(shown, text.Text);
        Assert.True(text.Flags.HasFlag(DisplayFlags.Repeated));
    }

    [Theory]
    [InlineData(32, ' ')]
    [InlineData(64, '-')]
    public void What_a_writer_repeats_is_left_alone(int times, char what)
    {
        var text = new string(what, times);

        Assert.Equal((text, DisplayFlags.None), (DisplayText.OneLine(text).Text, DisplayText.OneLine(text).Flags));
    }

    [Fact]
    public void Blanks_of_both_kinds_are_one_run() => Assert.Equal(
        "a\\u{blank×40}b",
        DisplayText.Lines("a" + string.Concat(Enumerable.Repeat(" \t", 20)) + "b").Text);

    [Fact]
    public void Empty_lines_are_counted_and_the_next_line_keeps_its_indent() => Assert.Equal(
        "a\\u{000A×50}\n  b", DisplayText.Lines("a" + new string('\n', 49) + "\t\n  b").Text);

    [Fact]
    public void Three_line_feeds_are_left_alone() => Assert.Equal("a\n\n\nb", DisplayText.Lines("a\n\n\nb").Text);

    [Theory]
    [InlineData("\\u{202E}", "\\u{005C}u{202E}")]
    [InlineData("C:\\users", "C:\\users")]
    [InlineData("\\u0041", "\\u0041")]
    public void A_text_cannot_fake_the_spelling(string raw, string shown) =>
        Assert.Equal((shown, DisplayFlags.None), (DisplayText.OneLine(raw).Text, DisplayText.OneLine(raw).Flags));

    [Theory]
    [InlineData("D\u0336rop", "D\\u{0336}rop")]
    [InlineData("x\u20DDy", "x\\u{20DD}y")]
    [InlineData("o\u0301\u0302\u0303\u0304\u0305\u0306", "o\u0301\u0302\u0303\u0304\\u{0305}\\u{0306}")]
    public void Marks_that_hide_a_letter_are_spelled_out(string raw, string shown) =>
        Assert.Equal((shown, DisplayFlags.Stacked), (DisplayText.OneLine(raw).Text, DisplayText.OneLine(raw).Flags));

    [Theory]
    [InlineData("\u0440\u0430\u0443\u0440\u0430")]
    [InlineData("\uFF44rop \uFF11")]
    [InlineData("1\u0664")]
    [InlineData("etc\u2215passwd")]
    [InlineData("\U0001D41D\U0001D42B")]
    [Trait("Threat", "THR-036"), Trait("CWE", "1007")]
    public void What_only_looks_ordinary_is_flagged(string text) =>
        Assert.True(DisplayText.OneLine(text).Flags.HasFlag(DisplayFlags.LookAlike));

    [Theory]
    [InlineData("\u0430 \u043E\u043D\u0430 \u0432\u0441\u0435")]
    [InlineData("Tiếng Việt, e\u0301\u0323")]
    public void Words_of_other_languages_are_not_flagged(string text) =>
        Assert.Equal(DisplayFlags.None, DisplayText.OneLine(text).Flags);

    [Theory]
    [InlineData("שָׁלוֹם")]
    [InlineData("\u0660\u0661\u0662")]
    [InlineData("pay('אבא', 100, 'גדה')")]
    [InlineData("a \uFB2A")]
    [InlineData("a \uFEF7")]
    [InlineData("a \U00010840")]
    [InlineData("a \U0001E900")]
    [Trait("Threat", "THR-035"), Trait("CWE", "1007")]
    public void Letters_that_are_read_from_right_to_left_are_shown_as_they_are_and_flagged(string text) => Assert.Equal(
        (text, DisplayFlags.RightToLeft), (DisplayText.OneLine(text).Text, DisplayText.OneLine(text).Flags));

    [Fact]
    public void A_glance_at_plain_text_finds_what_a_close_look_finds()
    {
        // A letter outside ASCII is shown as it is, and makes sure that all of a text is looked at closely.
        const string close = "x\u00E9";
        var random = new Random(20_261_122);
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => new string(
                "ab \t\n\\u{"[random.Next(8)],
                random.Next(1, random.Next(4) == 0 ? 140 : 5))));

            foreach (var show in new Func<string, DisplayText>[] { DisplayText.OneLine, DisplayText.Lines })
            {
                var (atAGlance, closely) = (show(text), show(text + close));
                Assert.Equal(closely.Text[..^close.Length], atAGlance.Text);
                Assert.Equal(closely.Flags, atAGlance.Flags);
            }
        }
    }
}
