using System.Text.Json;
using Countersign.Gates.Http;

namespace Countersign.Tests.Http;

/// <summary>A query is read by names, and written for the target in one way.</summary>
public sealed class HttpQueryTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a=1", "?a=1")]
    [InlineData("a", "?a=")]
    [InlineData("b=2&a=1", "?a=1&b=2")]
    [InlineData("a=2&a=1", "?a=2&a=1")]
    [InlineData("q=a+b", "?q=a%20b")]
    [InlineData("q=a%2Bb", "?q=a%2Bb")]
    [InlineData("q=a%26b%3Dc", "?q=a%26b%3Dc")]
    [InlineData("q=%23;x", "?q=%23%3Bx")]
    [InlineData("a[]=1&a[]=2", "?a%5B%5D=1&a%5B%5D=2")]
    [InlineData("q=%00%0d%0a", "?q=%00%0D%0A")]
    [InlineData("&&a=1&", "?a=1")]
    [InlineData("a=b=c", "?a=b%3Dc")]
    public void A_query_is_written_in_one_way(string raw, string written)
    {
        Assert.True(HttpQuery.TryDecode(raw, out var query, out var whyNot), whyNot);

        Assert.Equal(written, query.Encode());
        Assert.True(HttpQuery.TryDecode(query.Encode().TrimStart('?'), out var again, out _));
        Assert.Equal(written, again.Encode());
    }

    [Theory]
    [InlineData("a=%zz", "two hexadecimal digits")]
    [InlineData("a=%ff", "no UTF-8")]
    [InlineData("a=1&A=2", "upper and lower case")]
    public void What_cannot_be_read_in_one_way_does_not_pass(string raw, string why)
    {
        Assert.False(HttpQuery.TryDecode(raw, out _, out var whyNot));

        Assert.Contains(why, whyNot, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_values_do_not_pass() => Assert.False(HttpQuery.TryDecode(
        string.Join('&', Enumerable.Range(0, HttpQuery.MostValues + 1).Select(i => $"a={i}")), out _, out _));

    [Fact]
    public void Arguments_say_the_same_as_a_request_line()
    {
        using var json = JsonDocument.Parse("""{"b":"2","a":["x y","z"]}""");

        Assert.True(HttpQuery.TryRead(json.RootElement, out var query, out _));

        Assert.Equal("?a=x%20y&a=z&b=2", query.Encode());
        Assert.Equal("""{"a":["x y","z"],"b":["2"]}""", query.ToCanonicalJson().ToString());
    }

    [Theory]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":[]}""")]
    [InlineData("""{"a":[1]}""")]
    [InlineData("""[]""")]
    public void Other_arguments_are_refused(string text)
    {
        using var json = JsonDocument.Parse(text);

        Assert.False(HttpQuery.TryRead(json.RootElement, out _, out var whyNot));
        Assert.NotEmpty(whyNot);
    }
}
