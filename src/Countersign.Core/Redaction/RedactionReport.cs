using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Core.Redaction;

/// <summary>How many values of which kind were masked; never the values.</summary>
public sealed class RedactionReport
{
    /// <summary>Nothing was masked.</summary>
    public static RedactionReport Empty { get; } = new(ImmutableSortedDictionary<string, long>.Empty);

    private RedactionReport(ImmutableSortedDictionary<string, long> counts) => Counts = counts;

    /// <summary>The number of masked values by the name of their kind.</summary>
    public ImmutableSortedDictionary<string, long> Counts { get; }

    /// <summary>All of them together.</summary>
    public long Total => Counts.Values.Sum();

    /// <summary>Both reports in one.</summary>
    public RedactionReport With(RedactionReport other)
    {
        var counts = Counts.ToBuilder();
        foreach (var (name, count) in other.Counts)
        {
            counts[name] = counts.GetValueOrDefault(name) + count;
        }

        return new RedactionReport(counts.ToImmutable());
    }

    /// <summary>This report, and those kinds of another one that it does not have.</summary>
    internal RedactionReport WithOtherKinds(RedactionReport other) =>
        With(new RedactionReport(other.Counts.RemoveRange(Counts.Keys)));

    /// <summary>Reads what <see cref="WriteTo"/> wrote; empty when there is no such member.</summary>
    public static RedactionReport Read(JsonElement json, string name) => json.TryGetProperty(name, out var counts)
        ? Of(counts.EnumerateObject().Select(count => KeyValuePair.Create(count.Name, count.Value.GetInt64())))
        : Empty;

    /// <summary>A member with a number for each kind; nothing when nothing was masked, unless it is wanted.</summary>
    public void WriteTo(Utf8JsonWriter json, string name, bool evenEmpty = false)
    {
        if (Counts.IsEmpty && !evenEmpty)
        {
            return;
        }

        json.WriteStartObject(name);
        foreach (var (kind, count) in Counts)
        {
            json.WriteNumber(kind, count);
        }

        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Counts.IsEmpty ? "nothing" : string.Join(", ", Counts.Select(count => $"{count.Value} {count.Key}"));

    internal static RedactionReport Of(IEnumerable<KeyValuePair<string, long>> counts) =>
        new(counts.ToImmutableSortedDictionary(StringComparer.Ordinal));
}
