using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;

namespace Countersign.Gates.Http;

/// <summary>
/// The headers of a target's answer that an agent gets: not those of the connection, no cookies, and nothing that tells
/// a client where else to go. An address of the target itself becomes the one behind the gate.
/// </summary>
internal sealed class AnswerHeaders(TargetName target, HttpOptions options)
{
    /// <summary>Values whose masked form is remembered; most headers of a target say the same each time.</summary>
    private const int MostRemembered = 256;

    private const int LongestRemembered = 128;

    private static readonly FrozenSet<string> Dropped = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Alt-Svc", "Connection", "Content-Encoding", "Content-Length", "Keep-Alive", "Proxy-Authenticate",
        "Proxy-Connection", "Public-Key-Pins", "Server", "Set-Cookie", "Set-Cookie2", "Strict-Transport-Security",
        "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "WWW-Authenticate", "X-Accel-Redirect", "X-Powered-By");

    private static readonly FrozenSet<string> Addresses =
        FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Location", "Content-Location");

    private readonly ConcurrentDictionary<(string Name, string Value), string> _masked = new();

    /// <param name="response">What the target answered.</param>
    /// <param name="secrets">The credential that was sent along.</param>
    public ImmutableArray<KeyValuePair<string, string>> Of(
        HttpResponseMessage response, ImmutableArray<string> secrets)
    {
        var kept = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        // What the answer itself says to be about this connection only (RFC 9110 section 7.6.1).
        var nominated = response.Headers.NonValidated.TryGetValues("Connection", out var connection)
            ? HttpHeaders.NominatedBy(connection.ToString())
            : [];
        // The longest first: some hold others.
        ImmutableArray<string> spelled = secrets.IsEmpty
            ? secrets
            : [.. secrets.SelectMany(SecretStream.Spellings).Distinct().OrderByDescending(each => each.Length)];
        AddTo(kept, response.Headers.NonValidated, nominated, spelled);
        AddTo(kept, response.Content.Headers.NonValidated, nominated, spelled);
        return kept.ToImmutable();
    }

    private void AddTo(
        ImmutableArray<KeyValuePair<string, string>>.Builder kept,
        HttpHeadersNonValidated given,
        FrozenSet<string> nominated,
        ImmutableArray<string> secrets)
    {
        foreach (var (name, values) in given)
        {
            if (Dropped.Contains(name) || nominated.Contains(name)
                || name.StartsWith("Countersign-", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            foreach (var value in values)
            {
                var clean = Clean(name, value, secrets);
                kept.Add(KeyValuePair.Create(name, Addresses.Contains(name) ? Rewritten(clean) : clean));
            }
        }
    }

    /// <summary>What a header says, without credentials and masked as its target wants it.</summary>
    private string Clean(string name, string value, ImmutableArray<string> secrets)
    {
        foreach (var secret in secrets)
        {
            value = value.Replace(secret, "(secret)", StringComparison.Ordinal);
        }

        if (options.Redaction.IsNone)
        {
            return value;
        }

        if (_masked.TryGetValue((name, value), out var known))
        {
            return known;
        }

        var masked = Masked(name, value, options.Redaction);
        if (value.Length <= LongestRemembered)
        {
            if (_masked.Count >= MostRemembered)
            {
                _masked.Clear();
            }

            _masked[(name, value)] = masked;
        }

        return masked;
    }

    private static string Masked(string name, string value, TargetRedaction redaction)
    {
        var fields = redaction.Fields.OfHeader(name) is { } treatment
            ? FieldRules.Of(new FieldRule.Named(name, treatment))
            : redaction.Fields;
        var document = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [name] = value });
        var masked = new TargetRedactor(redaction with { Fields = fields }).Redact(document, out _);
        using var read = JsonDocument.Parse(masked);
        return read.RootElement.EnumerateObject().FirstOrDefault().Value is { ValueKind: JsonValueKind.String } text
            ? text.GetString()!
            : "";
    }

    /// <summary>An address of the target, as an agent can use it; every other one stays as it is.</summary>
    private string Rewritten(string value)
    {
        var upstream = options.Upstream;
        if (!Uri.TryCreate(upstream, value, out var address)
            || address.GetLeftPart(UriPartial.Authority) != upstream.GetLeftPart(UriPartial.Authority))
        {
            return value;
        }

        var root = upstream.AbsolutePath.TrimEnd('/');
        return address.AbsolutePath.StartsWith(root + "/", StringComparison.Ordinal) || root.Length == 0
            ? $"/http/{target}{address.PathAndQuery[root.Length..]}{address.Fragment}"
            : value;
    }
}
