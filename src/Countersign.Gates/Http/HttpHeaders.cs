using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Countersign.Core.Actions.Json;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Http;

/// <summary>
/// The headers of a request that reach the target: a list of what describes the request itself, and what the operator
/// added for the target. Everything else ends here, such as an agent's credentials, what tells one server about
/// another, and what makes a server take the request for a different one (THR-071).
/// </summary>
internal sealed class HttpHeaders
{
    public const string ContentType = "content-type";
    public const string ContentEncoding = "content-encoding";
    public const string IfMatch = "if-match";
    public const string Prefer = "prefer";

    /// <summary>
    /// What asks for a piece of an answer (RFC 9110 section 14). It reaches targets of whose answers nothing is masked
    /// and which get no credential: pieces could be cut so that no detector knows what is in them.
    /// </summary>
    public static ImmutableArray<string> OfPieces { get; } = ["if-range", "range"];

    /// <summary>Longest value in characters.</summary>
    public const int LongestValue = 4 * 1024;

    /// <summary>RFC 9110 sections 8, 12, 13 and 14, RFC 7240, and what says that nothing shall happen.</summary>
    private static readonly FrozenSet<string> Usual = FrozenSet.Create(
        StringComparer.Ordinal,
        "accept", "accept-language", ContentType, ContentEncoding, "content-language", IfMatch, "if-none-match",
        "if-modified-since", "if-unmodified-since", Prefer, "dry-run", "x-dry-run");

    /// <summary>
    /// What an operator cannot add either: it frames the message, belongs to the connection, is the gateway's own, or
    /// makes a server take another method, path, sender or host for the request's.
    /// </summary>
    private static readonly FrozenSet<string> Never = FrozenSet.Create(
        StringComparer.Ordinal,
        "authorization", "baggage", "connection", "content-length", "cookie", "expect", "forwarded", "host",
        "http2-settings", "idempotency-key", "keep-alive", "max-forwards", "proxy-authorization",
        "proxy-connection", "te", "trace-parent", "traceparent", "tracestate", "trailer", "transfer-encoding",
        "upgrade", "user-agent", "via", "x-host", "x-http-method", "x-http-method-override", "x-method-override",
        "x-original-url", "x-original-uri", "x-original-method", "x-rewrite-url", "x-real-ip", "x-client-ip",
        "x-accel-redirect");

    private static readonly string[] NeverPrefixes = ["countersign-", "proxy-", "x-forwarded", "sec-", ":"];

    private HttpHeaders(ImmutableSortedDictionary<string, string> values) => Values = values;

    public static HttpHeaders None { get; } =
        new(ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>By their names in lower case.</summary>
    public ImmutableSortedDictionary<string, string> Values { get; }

    public string? Find(string name) => Values.GetValueOrDefault(name);

    /// <summary>Why an operator cannot let agents send this header; <c>null</c> when they can.</summary>
    public static string? WhyNever(string name)
    {
        var lower = name.ToLowerInvariant();
        return 0 switch
        {
            _ when !IsToken(lower) => $"'{name}' is no name of a header",
            _ when Never.Contains(lower)
                || NeverPrefixes.Any(prefix => lower.StartsWith(prefix, StringComparison.Ordinal)) =>
                $"'{name}' never passes from an agent to a target: the gateway says it itself, or it would make the "
                + "request another one",
            _ => null,
        };
    }

    /// <summary>The headers that a message says to be about its connection only (RFC 9110 section 7.6.1).</summary>
    /// <param name="connection">The values of its <c>Connection</c>, joined by commas.</param>
    public static FrozenSet<string> NominatedBy(string connection) =>
        connection.Length == 0 || connection.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
            || connection.Equals("close", StringComparison.OrdinalIgnoreCase)
            ? []
            : FrozenSet.Create(
                StringComparer.OrdinalIgnoreCase,
                connection.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    /// <summary>What of a request's headers belongs to the action.</summary>
    public static bool TryRead(
        IHeaderDictionary given,
        ImmutableHashSet<string> added,
        [NotNullWhen(true)] out HttpHeaders? headers,
        [NotNullWhen(false)] out string? whyNot)
    {
        headers = null;
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        // Where 'close' or 'keep-alive' stands beside them, the server in front leaves that word alone.
        var nominated = NominatedBy(given.Connection.ToString());
        foreach (var (name, list) in given)
        {
            var lower = name.ToLowerInvariant();
            if (!IsTaken(lower, added) || list.Count == 0 || nominated.Contains(lower))
            {
                continue;
            }

            if (list.Count > 1 && lower is ContentType or ContentEncoding)
            {
                whyNot = $"the header '{lower}' is there twice";
                return false;
            }

            var value = lower == Prefer ? PreferHeader.WithoutOurs(list.ToString()) : string.Join(", ", list.ToArray());
            if (value.Length > 0 && !TryAdd(values, lower, value, out whyNot))
            {
                return false;
            }
        }

        (headers, whyNot) = (new HttpHeaders(values.ToImmutable()), null);
        return true;
    }

    /// <summary>Reads <c>arguments.headers</c>: an object of texts, with names that may reach the target.</summary>
    public static bool TryRead(
        JsonElement json,
        ImmutableHashSet<string> added,
        [NotNullWhen(true)] out HttpHeaders? headers,
        [NotNullWhen(false)] out string? whyNot)
    {
        (headers, whyNot) = (null, "'headers' is an object of texts");
        if (json.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var member in json.EnumerateObject())
        {
            var lower = member.Name.ToLowerInvariant();
            if (!IsTaken(lower, added))
            {
                whyNot = $"the header '{lower}' does not reach this target; add it to 'headers' of the target, or " +
                    "leave it out";
                return false;
            }

            if (member.Value.ValueKind != JsonValueKind.String)
            {
                whyNot = $"the header '{lower}' is a text";
                return false;
            }

            if (!TryAdd(values, lower, member.Value.GetString()!, out whyNot))
            {
                return false;
            }
        }

        (headers, whyNot) = (new HttpHeaders(values.ToImmutable()), null);
        return true;
    }

    public HttpHeaders With(string name, string value) => new(Values.SetItem(name, value));

    public CanonicalJson ToCanonicalJson()
    {
        var json = new CanonicalObject();
        foreach (var (name, value) in Values)
        {
            json.Add(name, value);
        }

        return json.ToCanonicalJson();
    }

    private static bool IsTaken(string lower, ImmutableHashSet<string> added) =>
        Usual.Contains(lower) || added.Contains(lower) && WhyNever(lower) is null;

    private static bool TryAdd(
        ImmutableSortedDictionary<string, string>.Builder values,
        string name,
        string value,
        [NotNullWhen(false)] out string? whyNot)
    {
        var trimmed = value.Trim(' ', '\t');
        whyNot = trimmed switch
        {
            { Length: > LongestValue } => $"the header '{name}' is longer than {LongestValue} characters",
            _ when trimmed.Any(character => character is < ' ' and not '\t' or > '~') =>
                $"the header '{name}' holds a character that is no printable ASCII",
            _ => values.TryAdd(name, trimmed) ? null : $"the header '{name}' is there twice",
        };
        return whyNot is null;
    }

    /// <summary>RFC 9110 section 5.6.2.</summary>
    private static bool IsToken(string name) => name.Length > 0
        && name.All(
            each => char.IsAsciiLetterOrDigit(each) || "!#$%&'*+-.^_`|~".Contains(each, StringComparison.Ordinal));
}
