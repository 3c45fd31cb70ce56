using Countersign.Gates.Http;

namespace Countersign.Tests.Http;

/// <summary>
/// A path is decoded once, and passes only when nobody can read it in another way (DESIGN section 6.5).
/// </summary>
public sealed class HttpPathTests
{
    [Theory]
    [InlineData("/", "/", "/")]
    [InlineData("/v1/refunds", "/v1/refunds", "/v1/refunds")]
    [InlineData("/v1/refunds/", "/v1/refunds/", "/v1/refunds/")]
    [InlineData("/a%20b", "/a b", "/a%20b")]
    [InlineData("/%61%62c", "/abc", "/abc")]
    [InlineData("/k%C3%A4se", "/käse", "/k%C3%A4se")]
    [InlineData("/%f0%9f%8d%95", "/🍕", "/%F0%9F%8D%95")]
    [InlineData("/a;b=c,d@e:f+g", "/a;b=c,d@e:f+g", "/a;b=c,d@e:f+g")]
    [InlineData("/a%3Fb%23c", "/a?b#c", "/a%3Fb%23c")]
    [InlineData("/...", "/...", "/...")]
    [InlineData("/.hidden", "/.hidden", "/.hidden")]
    public void A_path_is_decoded_once_and_written_in_one_way(string raw, string text, string written)
    {
        Assert.True(HttpPath.TryDecode(raw, out var path, out var whyNot), whyNot);

        Assert.Equal(text, path.Text);
        Assert.Equal(written, path.Encode());
        Assert.True(HttpPath.TryDecode(path.Encode(), out var again, out _));
        Assert.Equal(text, again.Text);
    }

    [Theory]
    [InlineData("", "slash")]
    [InlineData("v1", "slash")]
    [InlineData("/a%2Fb", "encoded slash")]
    [InlineData("/a%2fb", "encoded slash")]
    [InlineData("/a%252Fb", "percent sign after it was decoded once")]
    [InlineData("/a%2525", "percent sign after it was decoded once")]
    [InlineData("/a%", "two hexadecimal digits")]
    [InlineData("/a%2", "two hexadecimal digits")]
    [InlineData("/a%zz", "two hexadecimal digits")]
    [InlineData("/a\\b", "backslash")]
    [InlineData("/a%5Cb", "backslash")]
    [InlineData("/../etc", "dot segment")]
    [InlineData("/a/..", "dot segment")]
    [InlineData("/a/./b", "dot segment")]
    [InlineData("/%2e%2e/etc", "dot segment")]
    [InlineData("/%2E./etc", "dot segment")]
    [InlineData("/a/..;x=1/b", "dot segment")]
    [InlineData("/a/%20../b", "dot segment")]
    [InlineData("//a", "empty segment")]
    [InlineData("/a//b", "empty segment")]
    [InlineData("/a%00", "control character")]
    [InlineData("/a%0d%0aX:1", "control character")]
    [InlineData("/a%7f", "control character")]
    [InlineData("/a%ff", "no UTF-8")]
    [InlineData("/a%c0%af", "no UTF-8")]
    [InlineData("/a%ed%a0%80", "no UTF-8")]
    [InlineData("/a b", "request line")]
    [InlineData("/a\u00e4", "request line")]
    public void What_can_be_read_in_two_ways_does_not_pass(string raw, string why)
    {
        Assert.False(HttpPath.TryDecode(raw, out _, out var whyNot));

        Assert.Contains(why, whyNot, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_has_a_longest_length()
    {
        Assert.True(HttpPath.TryDecode("/" + new string('a', HttpPath.Longest - 1), out _, out _));
        Assert.False(HttpPath.TryDecode("/" + new string('a', HttpPath.Longest), out _, out var whyNot));
        Assert.Contains("longer than", whyNot, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_passes_is_written_so_that_it_is_read_the_same() => Gen.Fuzz(2_000, random =>
    {
        var raw = "/" + string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Piece(random)));
        if (!HttpPath.TryDecode(raw, out var path, out _))
        {
            return;
        }

        Assert.True(HttpPath.TryDecode(path.Encode(), out var again, out var whyNot), whyNot);
        Assert.Equal(path.Text, again.Text);
        Assert.Equal(path.Encode(), again.Encode());
        Assert.DoesNotContain(path.Segments, segment => segment is "." or "..");
        Assert.All(path.Encode(), character => Assert.InRange(character, '!', '~'));
    });

    private static string Piece(Random random) => random.Next(6) switch
    {
        0 => "/",
        1 => $"%{random.Next(256):X2}",
        2 => ".",
        3 => "%C3%A4",
        4 => ((char)random.Next('!', '\x7f')).ToString(),
        _ => "seg",
    };
}
