using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Policies;
using Countersign.Core.Records;

namespace Countersign.Core.Receipts;

/// <summary>One revision of what was asked, as its entry says it.</summary>
internal sealed class SaidRequest
{
    private readonly JsonElement _said;
    private readonly byte[] _arguments;

    public SaidRequest(SaidEntry entry)
    {
        _said = entry.Said;
        Entry = entry;
        Digest = entry.Text("digest");
        Target = entry.Text("target");
        Operation = entry.Text("operation");
        Agent = entry.Text("agent");
        OnBehalfOf = entry.OptionalText("on_behalf_of");
        _arguments = JsonMarshal.GetRawUtf8Value(entry.Said.GetProperty("arguments")).ToArray();
        Verdict = PayloadReader.Verdict(entry.Said);
        Modifiers = entry.Said.TryGetProperty("changes", out var changes)
            ? [.. changes.EnumerateArray().Select(change => change.GetProperty("person").GetString()!)]
            : [];
    }

    public SaidEntry Entry { get; }

    public string Digest { get; }

    public string Target { get; }

    public string Operation { get; }

    public string Agent { get; }

    public string? OnBehalfOf { get; }

    public Verdict Verdict { get; }

    /// <summary>Persons who changed it, in any revision so far.</summary>
    public ImmutableHashSet<string> Modifiers { get; }

    /// <summary>SHA-256 of the canonical card; <c>null</c> before one is known.</summary>
    public string? CardDigest { get; private set; }

    /// <summary>The digest of the arguments as they stand in the entry (DESIGN section 2.1).</summary>
    public string ComputeDigest() => ActionDigest.Of(
    [
        .. "{\"arguments\":"u8, .. _arguments,
        .. ",\"operation\":"u8, .. CanonicalJson.Of(Operation).Bytes.Span,
        .. ",\"target\":"u8, .. CanonicalJson.Of(Target).Bytes.Span, (byte)'}',
    ]).Value;

    /// <summary>
    /// Takes the card that people were shown. It repeats what the entry of the request says and is compared with it;
    /// of the headline only its end is.
    /// </summary>
    public bool TakeCard(JsonElement card)
    {
        if (CanonicalOf(card) is not { } canonical)
        {
            return false;
        }

        CardDigest = CardPayload.DigestOf(canonical);
        if (!card.GetProperty("headline").GetString()!.EndsWith($"{Operation} on {Target}", StringComparison.Ordinal))
        {
            return false;
        }

        var expected = ExpectedCard();
        var shown = canonical.Members().Where(member => member.Key != "headline")
            .ToDictionary(member => member.Key, member => member.Value.ToString(), StringComparer.Ordinal);
        return shown.Count == expected.Count
            && expected.All(member => shown.GetValueOrDefault(member.Key) == member.Value);
    }

    private Dictionary<string, string> ExpectedCard()
    {
        var expected = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["exact"] = CanonicalJson.Of(Encoding.UTF8.GetString(_arguments)).ToString(),
            ["bytes"] = _arguments.Length.ToString(CultureInfo.InvariantCulture),
            ["rules"] = TextOf(_said.GetProperty("verdict").GetProperty("rules")),
            ["claimed_reason"] = TextOf(_said.GetProperty("claimed").GetProperty("reason")),
        };
        foreach (var name in (string[])["environment", "facts", "agent", "on_behalf_of", "target", "via", "digest"])
        {
            expected[name] = TextOf(_said.GetProperty(name));
        }

        if (_said.TryGetProperty("preview", out var preview))
        {
            expected["preview"] = TextOf(preview);
        }

        return expected;
    }

    private static string TextOf(JsonElement json) => CanonicalOf(json)?.ToString()
        ?? throw new FormatException("A member of a payload has no canonical form.");

    private static CanonicalJson? CanonicalOf(JsonElement json) => CanonicalJson.TryCanonicalize(
        JsonMarshal.GetRawUtf8Value(json), JsonLimits.Unbounded, out var canonical, out _) ? canonical : null;
}
