using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;

namespace Countersign.Gates.Http;

/// <summary>
/// One request as the gate understood it. It is sent from here and from nowhere else, so that what people read is what
/// a target gets; nothing of the request's own bytes is passed on but its body.
/// </summary>
internal sealed record HttpCall(string Method, HttpPath Path, HttpQuery Query, HttpHeaders Headers, HttpBody Body)
{
    private const string QueryMember = "query";
    private const string HeadersMember = "headers";
    private const int LongestMethod = 20;

    private static readonly FrozenSet<string> Members = FrozenSet.Create(
        StringComparer.Ordinal, QueryMember, HeadersMember, HttpBody.Member, HttpBody.TextMember, HttpBody.BytesMember);

    /// <summary>Methods that are defined to change nothing (RFC 9110 section 9.2.1).</summary>
    public bool IsSafe => Method is "GET" or "HEAD" or "OPTIONS" or "QUERY";

    public string Operation => $"{Method} {Path.Text}";

    /// <summary>Path and query, in the one way in which they are written.</summary>
    public string Resource => Path.Encode() + Query.Encode();

    /// <summary>Where it goes to at a target. Written in one way only; nobody may canonicalise it once more.</summary>
    public Uri AddressAt(Uri upstream) => new(
        upstream.GetLeftPart(UriPartial.Authority) + upstream.AbsolutePath.TrimEnd('/') + Resource,
        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>Why no such request passes; <c>null</c> for one that does.</summary>
    public static string? WhyNoMethod(string method) => method switch
    {
        "CONNECT" or "TRACE" => $"{method} does not pass: there is nothing in it that could be looked at",
        { Length: 0 or > LongestMethod } => "the method is no word of at most 20 letters",
        _ => method.All(char.IsAsciiLetterUpper) ? null : "a method is one word in upper case",
    };

    /// <summary>Reads an action that names its parts itself, as it comes over the API or from a reviewer.</summary>
    public static bool TryRead(
        string operation,
        CanonicalJson arguments,
        HttpReading reading,
        [NotNullWhen(true)] out HttpCall? call,
        [NotNullWhen(false)] out string? whyNot)
    {
        call = null;
        var space = operation.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0)
        {
            whyNot = "the operation is a method and a path, like GET /v1/refunds";
            return false;
        }

        var method = operation[..space];
        whyNot = WhyNoMethod(method);
        if (whyNot is not null || !HttpPath.TryRead(operation[(space + 1)..], out var path, out whyNot))
        {
            return false;
        }

        using var document = JsonDocument.Parse(arguments.Bytes, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        var json = document.RootElement;
        if (json.EnumerateObject().Select(member => member.Name).FirstOrDefault(name => !Members.Contains(name))
            is { } unknown)
        {
            whyNot = $"there is no argument '{unknown}'; there are {string.Join(", ", Members.Order())}";
            return false;
        }

        var (query, headers) = (HttpQuery.None, HttpHeaders.None);
        if (json.TryGetProperty(QueryMember, out var asked) && !HttpQuery.TryRead(asked, out query, out whyNot)
            || json.TryGetProperty(HeadersMember, out var named)
                && !HttpHeaders.TryRead(named, reading.Headers, out headers, out whyNot))
        {
            return false;
        }

        headers = WithType(headers!, json);
        if (!HttpBody.TryRead(json, headers, reading.Json, reading.Limits, out var body, out whyNot))
        {
            return false;
        }

        call = new HttpCall(method, path, query!, headers, body);
        return true;
    }

    /// <summary>The action: what is approved, and all of what is sent but credentials.</summary>
    public CanonicalAction ToAction(TargetName target)
    {
        var arguments = new CanonicalObject();
        if (!Query.Values.IsEmpty)
        {
            arguments.Add(QueryMember, Query.ToCanonicalJson());
        }

        if (!Headers.Values.IsEmpty)
        {
            arguments.Add(HeadersMember, Headers.ToCanonicalJson());
        }

        Body.AddTo(arguments);
        return CanonicalAction.Of(target, Operation, arguments.ToCanonicalJson());
    }

    /// <summary>A body that is an object or a list is JSON unless somebody says otherwise.</summary>
    private static HttpHeaders WithType(HttpHeaders headers, JsonElement arguments) =>
        headers.Find(HttpHeaders.ContentType) is null
        && arguments.TryGetProperty(HttpBody.Member, out var body)
        && body.ValueKind is JsonValueKind.Object or JsonValueKind.Array
            ? headers.With(HttpHeaders.ContentType, "application/json")
            : headers;
}

/// <summary>What reading a request depends on: the headers a target takes, and limits.</summary>
internal sealed record HttpReading(ImmutableHashSet<string> Headers, JsonLimits Json, HttpLimits Limits);
