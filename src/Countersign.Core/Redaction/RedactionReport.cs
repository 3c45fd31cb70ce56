using System.Collections.Immutable;

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

    /// <inheritdoc/>
    public override string ToString() =>
        Counts.IsEmpty ? "nothing" : string.Join(", ", Counts.Select(count => $"{count.Value} {count.Key}"));

    internal static RedactionReport Of(IEnumerable<KeyValuePair<string, long>> counts) =>
        new(counts.ToImmutableSortedDictionary(StringComparer.Ordinal));
}
