using System.Diagnostics.CodeAnalysis;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Reads;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Countersign.Gates.Http;

/// <summary>
/// The last few requests of a connection that were read, judged and allowed. One that repeats such a request to the
/// character means the same, so nobody reads it again. What is remembered holds for one charter, which means for
/// one policy, one target and its settings.
/// </summary>
internal sealed class KnownReads
{
    private const int Most = 8;

    /// <summary>Characters of address and headers; whoever sends more is read each time.</summary>
    private const int Longest = 2 * 1024;

    /// <summary>
    /// No part of a request as an action: who asks is settled before, and a trace is another one each time.
    /// </summary>
    private static readonly string[] s_ignored = ["Authorization", "traceparent", "tracestate", "baggage"];

    private readonly List<(Heard Heard, KnownRead Read)> _known = [];
    private Charter? _charter;
    private HttpOptions? _options;
    private int _next;

    public bool TryFind(
        HttpContext context, Charter charter, HttpOptions options, [NotNullWhen(true)] out KnownRead? known)
    {
        known = null;
        if (charter != _charter || options != _options)
        {
            return false;
        }

        foreach (var (heard, read) in _known)
        {
            if (heard.IsSameAs(context))
            {
                known = read;
                return true;
            }
        }

        return false;
    }

    public void Add(HttpContext context, Charter charter, HttpOptions options, KnownRead read)
    {
        if (Heard.Of(context) is not { } heard)
        {
            return;
        }

        if (charter != _charter || options != _options)
        {
            _known.Clear();
            (_charter, _options, _next) = (charter, options, 0);
        }

        if (_known.Count < Most)
        {
            _known.Add((heard, read));
            return;
        }

        _known[_next] = (heard, read);
        _next = (_next + 1) % Most;
    }

    private static string RawTarget(HttpContext context) =>
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    private static bool IsIgnored(string name)
    {
        foreach (var ignored in s_ignored)
        {
            if (ignored.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A request without a body, as it was sent.</summary>
    private sealed record Heard(string Method, string Target, KeyValuePair<string, StringValues>[] Headers)
    {
        public static Heard? Of(HttpContext context)
        {
            var request = context.Request;
            var target = RawTarget(context);
            if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false })
            {
                return null;
            }

            KeyValuePair<string, StringValues>[] headers =
                [.. request.Headers.Where(header => !IsIgnored(header.Key))];
            var length = target.Length + headers.Sum(header => header.Key.Length + header.Value.ToString().Length);
            return length > Longest ? null : new Heard(request.Method, target, headers);
        }

        /// <summary>Header by header, in their order.</summary>
        public bool IsSameAs(HttpContext context)
        {
            if (context.Request.Method != Method || RawTarget(context) != Target
                || context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false })
            {
                return false;
            }

            var at = 0;
            foreach (var (name, values) in context.Request.Headers)
            {
                if (IsIgnored(name))
                {
                    continue;
                }

                if (at == Headers.Length || Headers[at].Key != name || !StringValues.Equals(Headers[at].Value, values))
                {
                    return false;
                }

                at++;
            }

            return at == Headers.Length;
        }
    }
}

/// <summary>A read that the policy allows, and how it is sent and recorded.</summary>
internal sealed record KnownRead(PassingRead Passing, CanonicalAction Action, HttpCall Call, Uri Address);

/// <summary>What the record says of a read that passes, and whether before its answer leaves or after.</summary>
internal sealed record PassingRead(ReadStatement Statement, RecordMode Mode);
