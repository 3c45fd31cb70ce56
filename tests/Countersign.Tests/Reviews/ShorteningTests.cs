using Countersign.Core.Reviews;

namespace Countersign.Tests.Reviews;

public sealed class ShorteningTests
{
    [Fact]
    public void What_fits_is_left_alone() => Assert.Equal("short", Shortening.Of("short", 5));

    [Fact]
    public void Head_and_tail_stay_and_what_is_between_is_counted_in_bytes()
    {
        var text = "HEAD" + string.Concat(Enumerable.Repeat("ä-", 200)) + "TAIL";

        var shown = Shortening.Of(text, 100);

        Assert.StartsWith("HEAD", shown, StringComparison.Ordinal);
        Assert.EndsWith("TAIL", shown, StringComparison.Ordinal);
        var parts = shown.Split([@"\u{… ", " bytes hidden …}"], StringSplitOptions.None);
        var hidden = text[parts[0].Length..^parts[2].Length];
        Assert.Equal($"{System.Text.Encoding.UTF8.GetByteCount(hidden):N0}", parts[1]);
        Assert.True(shown.Length <= 100);
    }

    [Theory]
    [InlineData(@"\u{202E}")]
    [InlineData(@"\u{0020×500}")]
    [InlineData("😀")]
    public void No_cut_divides_a_spelling_or_a_character(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 200));
        for (var most = 40; most < 120; most++)
        {
            var parts = Shortening.Of(text, most).Split([@"\u{… ", " bytes hidden …}"], StringSplitOptions.None);

            Assert.Equal("", parts[0].Replace(unit, "", StringComparison.Ordinal));
            Assert.Equal("", parts[2].Replace(unit, "", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(29)]
    public void Where_not_even_the_ends_fit_only_the_count_is_left(int most) =>
        Assert.Equal(@"\u{… 1,000 bytes hidden …}", Shortening.Of(string.Concat(Enumerable.Repeat("xy", 500)), most));
}
