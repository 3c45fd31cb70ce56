using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions.Json;

namespace Countersign.Gates.Http;

/// <summary>
/// The query of a request by names, as forms write it (WHATWG URL, <c>application/x-www-form-urlencoded</c>): a plus is
/// a blank, a name without a value has an empty one. The order among different names is not kept.
/// </summary>
internal sealed class HttpQuery
{
    /// <summary>Most values of one request, over all names.</summary>
    public const int MostValues = 1_000;

    /// <summary>
    /// What stays as it is when a query is written: unreserved characters, and a few that nobody misreads.
    /// </summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$'()*,:@/?");

    private HttpQuery(ImmutableSortedDictionary<string, ImmutableArray<string>> values) => Values = values;

    public static HttpQuery None { get; } =
        new(ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal));

    public ImmutableSortedDictionary<string, ImmutableArray<string>> Values { get; }

    /// <summary>Reads what stands behind the question mark of a request line.</summary>
    public static bool TryDecode(
        string raw, [NotNullWhen(true)] out HttpQuery? query, [NotNullWhen(false)] out string? whyNot)
    {
        query = null;
        var pairs = new List<(string, string)>();
        foreach (var part in raw.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (part, "") : (part[..equals], part[(equals + 1)..]);
            if (!TryDecodePart(name, out var plainName, out whyNot) || !TryDecodePart(value, out var plain, out whyNot))
            {
                return false;
            }

            pairs.Add((plainName, plain));
        }

        return TryRead(pairs, out query, out whyNot);
    }

    /// <summary>Reads <c>arguments.query</c>: an object of texts, or of lists of texts.</summary>
    public static bool TryRead(
        JsonElement json, [NotNullWhen(true)] out HttpQuery? query, [NotNullWhen(false)] out string? whyNot)
    {
        query = null;
        whyNot = "'query' is an object of texts or lists of texts";
        if (json.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        var pairs = new List<(string, string)>();
        foreach (var member in json.EnumerateObject())
        {
            JsonElement[] values = member.Value.ValueKind == JsonValueKind.Array
                ? [.. member.Value.EnumerateArray()]
                : [member.Value];
            if (values.Length == 0 || values.Any(value => value.ValueKind != JsonValueKind.String))
            {
                return false;
            }

            pairs.AddRange(values.Select(value => (member.Name, value.GetString()!)));
        }

        return TryRead(pairs, out query, out whyNot);
    }

    public CanonicalJson ToCanonicalJson()
    {
        var json = new CanonicalObject();
        foreach (var (name, values) in Values)
        {
            json.Add(name, CanonicalJson.ArrayOf(values.Select(CanonicalJson.Of)));
        }

        return json.ToCanonicalJson();
    }

    /// <summary>The one way in which this query is written for the target; empty when there is none.</summary>
    public string Encode()
    {
        if (Values.IsEmpty)
        {
            return "";
        }

        var encoded = new StringBuilder("?");
        foreach (var (name, values) in Values)
        {
            foreach (var value in values)
            {
                if (encoded.Length > 1)
                {
                    encoded.Append('&');
                }

                Append(encoded, name);
                encoded.Append('=');
                Append(encoded, value);
            }
        }

        return encoded.ToString();
    }

    private static bool TryRead(
        List<(string Name, string Value)> pairs,
        [NotNullWhen(true)] out HttpQuery? query,
        [NotNullWhen(false)] out string? whyNot)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var ignoringCase = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, _) in pairs)
        {
            if (names.Add(name) && !ignoringCase.Add(name))
            {
                (query, whyNot) = (null, $"two names of the query are '{name}' but for upper and lower case");
                return false;
            }
        }

        whyNot = pairs.Count > MostValues ? $"the query has more than {MostValues} values" : null;
        query = whyNot is not null ? null : new HttpQuery(pairs
            .GroupBy(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal)
            .ToImmutableSortedDictionary(
                group => group.Key, group => group.ToImmutableArray(), StringComparer.Ordinal));
        return query is not null;
    }

    private static bool TryDecodePart(
        string raw, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? whyNot)
    {
        if (PercentText.TryDecode(raw.Replace("+", "%20", StringComparison.Ordinal), out text, out whyNot))
        {
            return true;
        }

        whyNot = $"the query cannot be read: {whyNot}";
        return false;
    }

    private static void Append(StringBuilder encoded, string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii && Plain.Contains((char)rune.Value))
            {
                encoded.Append((char)rune.Value);
            }
            else
            {
                PercentText.Append(encoded, rune);
            }
        }
    }
}
