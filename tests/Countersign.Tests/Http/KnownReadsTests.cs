using Countersign.Core;
using Countersign.Gates.Http;
using Countersign.Tests.Simulation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Countersign.Tests.Http;

/// <summary>What is remembered holds for one charter and the settings of one target, and is bounded.</summary>
public sealed class KnownReadsTests
{
    private static readonly Charter s_charter = Cast.CharterUnder(policy: 1);
    private static readonly HttpOptions s_options = new(new Uri("http://127.0.0.1:9"));
    private static readonly KnownRead s_read = new(null!, null!, null!, null!);

    private readonly KnownReads _reads = new();

    [Fact]
    public void The_same_request_is_known_and_another_one_is_not()
    {
        _reads.Add(Request("/a", ("Accept", "x")), s_charter, s_options, s_read);

        Assert.True(Knows(Request("/a", ("Accept", "x"))));
        Assert.True(Knows(Request("/a", ("Accept", "x"), ("traceparent", "00-1"), ("Authorization", "Bearer b"))));
        Assert.False(Knows(Request("/a")));
        Assert.False(Knows(Request("/a", ("Accept", "y"))));
        Assert.False(Knows(Request("/a", ("Accept", "x"), ("Accept-Language", "de"))));
        Assert.False(Knows(Request("/b", ("Accept", "x"))));
        var post = Request("/a", ("Accept", "x"));
        post.Request.Method = "POST";
        Assert.False(Knows(post));
    }

    [Fact]
    public void A_new_policy_or_new_settings_leave_nothing_known()
    {
        _reads.Add(Request("/a"), s_charter, s_options, s_read);

        Assert.False(_reads.TryFind(Request("/a"), Cast.CharterUnder(policy: 2), s_options, out _));
        Assert.False(_reads.TryFind(Request("/a"), s_charter, s_options with { GraphQl = "/q" }, out _));

        _reads.Add(Request("/b"), Cast.CharterUnder(policy: 2), s_options, s_read);
        Assert.False(Knows(Request("/a")));
        Assert.False(Knows(Request("/b")));
    }

    [Fact]
    public void Only_the_last_few_are_kept_and_none_that_is_long_or_may_have_a_body()
    {
        for (var i = 0; i < 9; i++)
        {
            _reads.Add(Request($"/{i}"), s_charter, s_options, s_read);
        }

        _reads.Add(Request("/long", ("Accept", new string('a', 3000))), s_charter, s_options, s_read);
        _reads.Add(Request("/body", canHaveBody: true), s_charter, s_options, s_read);

        Assert.False(Knows(Request("/0")));
        Assert.All(Enumerable.Range(1, 8), i => Assert.True(Knows(Request($"/{i}"))));
        Assert.False(Knows(Request("/1", canHaveBody: true)));
        Assert.False(Knows(Request("/long", ("Accept", new string('a', 3000)))));
        Assert.False(Knows(Request("/body")));
    }

    private bool Knows(HttpContext context) => _reads.TryFind(context, s_charter, s_options, out _);

    private static DefaultHttpContext Request(string target, params (string Name, string Value)[] headers) =>
        Request(target, canHaveBody: false, headers);

    private static DefaultHttpContext Request(
        string target, bool canHaveBody, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        (request.Method, request.RawTarget) = ("GET", target);
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new Body(canHaveBody));
        foreach (var (name, value) in headers)
        {
            context.Request.Headers.Append(name, value);
        }

        return context;
    }

    private sealed record Body(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;
}
