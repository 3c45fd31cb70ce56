using System.Text.Json;
using Countersign.Gates.Http;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Http;

/// <summary>Only headers that describe the request reach a target (THR-071).</summary>
public sealed class HttpHeadersTests
{
    [Theory]
    [InlineData("Authorization", "Bearer x")]
    [InlineData("Cookie", "a=b")]
    [InlineData("Connection", "close, X-Secret")]
    [InlineData("X-HTTP-Method-Override", "DELETE")]
    [InlineData("X-Method-Override", "DELETE")]
    [InlineData("X-HTTP-Method", "DELETE")]
    [InlineData("X-Original-URL", "/admin")]
    [InlineData("X-Rewrite-URL", "/admin")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Host", "admin")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("Host", "admin")]
    [InlineData("Proxy-Authorization", "x")]
    [InlineData("Countersign-Reason", "x")]
    [InlineData("Idempotency-Key", "x")]
    [InlineData("X-Unknown", "x")]
    [InlineData("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public void What_is_no_part_of_the_request_ends_at_the_gate(string name, string value)
    {
        var given = new HeaderDictionary { [name] = value, ["Accept"] = "text/plain" };

        Assert.True(HttpHeaders.TryRead(given, [], out var headers, out var whyNot), whyNot);

        Assert.Equal("accept", Assert.Single(headers.Values).Key);
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("Authorization")]
    [InlineData("x-forwarded-proto")]
    [InlineData("Cookie")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("Countersign-Action")]
    public void No_operator_can_let_those_through(string name) => Assert.NotNull(HttpHeaders.WhyNever(name));

    [Fact]
    public void What_the_operator_added_passes_in_lower_case()
    {
        var given = new HeaderDictionary { ["Stripe-Version"] = "2024-01-01", ["Content-Type"] = "application/json" };

        Assert.True(HttpHeaders.TryRead(given, ["stripe-version"], out var headers, out _));

        Assert.Equal(
            """{"content-type":"application/json","stripe-version":"2024-01-01"}""",
            headers.ToCanonicalJson().ToString());
    }

    [Fact]
    public void A_list_of_values_is_one_value_and_a_second_content_type_is_refused()
    {
        var given = new HeaderDictionary { ["Accept"] = new(["text/plain", "text/html"]) };
        Assert.True(HttpHeaders.TryRead(given, [], out var headers, out _));
        Assert.Equal("text/plain, text/html", headers.Find("accept"));

        given = new HeaderDictionary { ["Content-Type"] = new(["text/plain", "application/json"]) };
        Assert.False(HttpHeaders.TryRead(given, [], out _, out var whyNot));
        Assert.Contains("twice", whyNot, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\u0000b")]
    [InlineData("caf\u00e9")]
    [InlineData("a\nb")]
    public void A_value_that_is_no_printable_ascii_is_refused(string value)
    {
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(new { accept = value }));

        Assert.False(HttpHeaders.TryRead(json.RootElement, [], out _, out var whyNot));
        Assert.Contains("accept", whyNot, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wait=5", 5)]
    [InlineData("return=minimal, wait=5", 5)]
    [InlineData("WAIT = \"7\"", 7)]
    [InlineData("respond-async", 0)]
    [InlineData("respond-async, wait=9", 0)]
    [InlineData("wait=x", 50)]
    [InlineData("wait=-1", 50)]
    [InlineData("", 50)]
    [InlineData("wait=99999", 600)]
    public void A_caller_says_how_long_it_waits(string prefer, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), PreferHeader.WaitOf(prefer, new HttpLimits()));

    [Fact]
    public void Preferences_for_the_target_stay_and_ours_go() =>
        Assert.Equal("return=minimal", PreferHeader.WithoutOurs("wait=5, return=minimal, respond-async"));
}
