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
    public void A_word_of_two_look_alike_scripts_is_flagged(string text) =>
        Assert.Equal(DisplayFlags.MixedScript, DisplayText.OneLine(text).Flags);

    [Theory]
    [InlineData("orders заказы")]
    [InlineData("orders.заказы")]
    [InlineData("注文orders")]
    public void Scripts_side_by_side_are_not_mixed(string text) =>
        Assert.Equal(DisplayFlags.None, DisplayText.OneLine(text).Flags);
}
