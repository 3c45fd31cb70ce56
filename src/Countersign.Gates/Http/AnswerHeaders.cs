using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;

namespace Countersign.Gates.Http;

/// <summary>
/// The headers of a target's answer that an agent gets: not those of the connection, no cookies, and nothing that tells
/// a client where else to go. An address of the target itself becomes the one behind the gate.
/// </summary>
internal static class AnswerHeaders
{
    private static readonly FrozenSet<string> Dropped = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Alt-Svc", "Connection", "Content-Encoding", "Content-Length", "Keep-Alive", "Proxy-Authenticate",
        "Proxy-Connection", "Public-Key-Pins", "Server", "Set-Cookie", "Set-Cookie2", "Strict-Transport-Security",
        "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "WWW-Authenticate", "X-Accel-Redirect", "X-Powered-By");

    private static readonly FrozenSet<string> Addresses =
        FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Location", "Content-Location");

    public static ImmutableArray<KeyValuePair<string, string>> Of(
        HttpResponseMessage response, TargetName target, HttpOptions options, ImmutableArray<string> secrets)
    {
        var kept = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            if (Dropped.Contains(name) || name.StartsWith("Countersign-", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            foreach (var value in values)
            {
                var clean = Clean(name, value, options.Redaction, secrets);
                kept.Add(KeyValuePair.Create(
                    name, Addresses.Contains(name) ? Rewritten(clean, target, options.Upstream) : clean));
            }
        }

        return kept.ToImmutable();
    }

    /// <summary>What a header says, without credentials and masked as its target wants it.</summary>
    private static string Clean(
        string name, string value, TargetRedaction redaction, ImmutableArray<string> secrets)
    {
        foreach (var secret in secrets)
        {
            value = value.Replace(secret, "(secret)", StringComparison.Ordinal);
        }

        if (redaction.IsNone)
        {
            return value;
        }

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
    private static string Rewritten(string value, TargetName target, Uri upstream)
    {
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
