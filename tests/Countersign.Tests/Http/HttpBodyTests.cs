using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions.Json;
using Countersign.Gates.Http;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Http;

/// <summary>A body is sent as it came; what people read is derived from it, and never the other way round.</summary>
public sealed class HttpBodyTests
{
    private static readonly HttpLimits Limits = new();

    [Fact]
    public void Canonical_json_is_a_value_and_nothing_else() =>
        Assert.Equal("""{"body":{"a":1}}""", Arguments("""{"a":1}""", "application/json"));

    [Fact]
    public void Another_spelling_of_it_is_kept_beside_the_value() => Assert.Equal(
        """{"body":{"a":1},"body_text":"{ \"a\" : 1 }"}""", Arguments("""{ "a" : 1 }""", "application/json"));

    [Theory]
    [InlineData("text/plain", "hello")]
    [InlineData("text/plain; charset=utf-8", "hello")]
    [InlineData("application/x-www-form-urlencoded", "a=1&b=2")]
    [InlineData("application/xml", "<a/>")]
    public void A_text_is_a_text(string type, string text) =>
        Assert.Equal($$"""{"body":"{{text}}"}""", Arguments(text, type));

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("text/plain; charset=utf-7")]
    [InlineData("application/json; charset=utf-8; charset=utf-7")]
    [InlineData("not a type")]
    public void What_nobody_can_read_for_certain_is_bytes(string type) =>
        Assert.Equal("""{"body_base64":"eyJhIjoxfQ=="}""", Arguments("""{"a":1}""", type));

    [Theory]
    [InlineData("""{"amount":1,"amount":1000}""")]
    [InlineData("""{"amount":1,"AMOUNT":1000}""")]
    [InlineData("""{"a":NaN}""")]
    [InlineData("""{"a":1}x""")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    public void Json_that_servers_read_differently_is_refused(string body)
    {
        Assert.False(TryRead(Encoding.UTF8.GetBytes(body), "application/json", null, out _, out var whyNot));

        Assert.Contains("one way only", whyNot, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compressed_body_is_shown_and_sent_as_it_came()
    {
        var packed = Gzip(Encoding.UTF8.GetBytes("""{"a":1}"""));

        Assert.True(TryRead(packed, "application/json", "gzip", out var body, out var whyNot), whyNot);

        Assert.Equal(packed, body!.Sent.ToArray());
        using var json = JsonDocument.Parse(Arguments(body));
        Assert.Equal(1, json.RootElement.GetProperty("body").GetProperty("a").GetInt32());
        Assert.Equal(packed, json.RootElement.GetProperty("body_base64").GetBytesFromBase64());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    public void A_bomb_or_an_unknown_coding_is_refused(string coding)
    {
        var packed = Gzip(new byte[20_000_000]);

        Assert.False(TryRead(packed, "application/octet-stream", coding, out _, out var whyNot));
        Assert.NotNull(whyNot);
    }

    [Fact]
    public void Arguments_read_back_give_the_same_bytes()
    {
        (string Body, string Type)[] cases =
        [
            ("""{"a":1}""", "application/json"),
            ("""{ "b" : [1.0, 2e3] , "a":"ä" }""", "application/json"),
            ("\"text\"", "application/json"),
            ("plain\r\ntext", "text/plain"),
            ("a=1&b=%20", "application/x-www-form-urlencoded"),
            ("\u0001\u0002", "application/octet-stream"),
        ];
        foreach (var (text, type) in cases)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Assert.True(TryRead(bytes, type, null, out var body, out _));
            using var json = JsonDocument.Parse(Arguments(body!));

            Assert.True(
                HttpBody.TryRead(
                    json.RootElement, Headers(type, null), JsonLimits.Default, Limits, out var again, out var whyNot),
                whyNot);
            Assert.Equal(bytes, again.Sent.ToArray());
        }
    }

    [Theory]
    [InlineData("""{"body":{"a":2},"body_text":"{ \"a\" : 1 }"}""", "application/json")]
    [InlineData("""{"body":{"a":2},"body_base64":"eyJhIjoxfQ=="}""", "application/json")]
    [InlineData("""{"body":"x","body_base64":"eyJhIjoxfQ=="}""", "text/plain")]
    [InlineData("""{"body":{"a":1},"body_base64":"eyJhIjoxfQ=="}""", "application/octet-stream")]
    [InlineData("""{"body":{"a":1}}""", "text/plain")]
    [InlineData("""{"body":5}""", "application/x-www-form-urlencoded")]
    [InlineData("""{"body_base64":"%%%"}""", "application/json")]
    [InlineData("""{"body_text":5}""", "application/json")]
    public void Arguments_that_show_one_body_and_send_another_are_refused(string arguments, string type)
    {
        using var json = JsonDocument.Parse(arguments);

        Assert.False(HttpBody.TryRead(
            json.RootElement, Headers(type, null), JsonLimits.Default, Limits, out _, out var whyNot));
        Assert.NotNull(whyNot);
    }

    private static string Arguments(string body, string type)
    {
        Assert.True(TryRead(Encoding.UTF8.GetBytes(body), type, null, out var read, out var whyNot), whyNot);
        return Arguments(read!);
    }

    private static string Arguments(HttpBody body)
    {
        var arguments = new CanonicalObject();
        body.AddTo(arguments);
        return arguments.ToCanonicalJson().ToString();
    }

    private static bool TryRead(byte[] bytes, string type, string? coding, out HttpBody? body, out string? whyNot) =>
        HttpBody.TryRead(bytes, Headers(type, coding), JsonLimits.Default, Limits, out body, out whyNot);

    private static HttpHeaders Headers(string type, string? coding)
    {
        var given = new HeaderDictionary { ["Content-Type"] = type };
        if (coding is not null)
        {
            given["Content-Encoding"] = coding;
        }

        Assert.True(HttpHeaders.TryRead(given, [], out var headers, out _));
        return headers;
    }

    private static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(plain);
        }

        return packed.ToArray();
    }
}
