using System.Text.Json;
using Countersign.Core.Redaction;

namespace Countersign.Tests.Redaction;

/// <summary>
/// The public labelled texts (microsoft/presidio-research): a finding counts when kind and ends are right.
/// </summary>
public sealed class LabelledDataTests
{
    private static readonly Lazy<Dictionary<string, Score>> Scores = new(Measure);

    [Theory]
    [InlineData("CREDIT_CARD", 0.95)]
    [InlineData("EMAIL_ADDRESS", 0.95)]
    [InlineData("IBAN_CODE", 0.95)]
    [InlineData("US_SSN", 0.95)]
    [InlineData("IP_ADDRESS", 0.95)]
    [InlineData("DOMAIN_NAME", 0.95)]
    [InlineData("PHONE_NUMBER", 0.75)]
    public void What_patterns_can_find_is_found(string label, double least)
    {
        RepositoryRoot.SharedData("pii-labelled.json");

        var score = Scores.Value[label];

        Assert.True(score.F2 >= least, $"{label}: {score}");
    }

    [Theory]
    [InlineData("PERSON")]
    [InlineData("STREET_ADDRESS")]
    public void Names_and_addresses_are_out_of_reach_as_the_page_says(string label)
    {
        RepositoryRoot.SharedData("pii-labelled.json");

        Assert.Equal(0, Scores.Value[label].Hits);
    }

    [Fact]
    public void The_page_tells_the_figures()
    {
        RepositoryRoot.SharedData("pii-labelled.json");
        var page = File.ReadAllText(RepositoryRoot.Combine("docs", "reference", "redaction.md"));

        foreach (var label in (string[])["CREDIT_CARD", "EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS"])
        {
            Assert.Contains($"| `{label}` | {Scores.Value[label]} |", page, StringComparison.Ordinal);
        }

        Assert.Contains($"| `DOMAIN_NAME` | {Scores.Value["DOMAIN_NAME"]} |", page, StringComparison.Ordinal);
        Assert.Contains($"| `PHONE_NUMBER` | {Scores.Value["PHONE_NUMBER"]} |", page, StringComparison.Ordinal);
    }

    private static Dictionary<string, Score> Measure()
    {
        var scores = new Dictionary<string, Score>();
        var redactor = new Redactor(RedactionPlan.Create(new RedactionOptions()));
        using var document = JsonDocument.Parse(File.ReadAllText(RepositoryRoot.SharedData("pii-labelled.json")));
        foreach (var sample in document.RootElement.EnumerateArray())
        {
            var spans = sample.GetProperty("spans").EnumerateArray();
            (string Label, int Start, int End)[] wanted = [.. spans.Select(span =>
                (span.GetProperty("entity_type").GetString()!, span.GetProperty("start_position").GetInt32(),
                    span.GetProperty("end_position").GetInt32()))];
            (string Label, int Start, int End)[] found = [.. redactor.Find(sample.GetProperty("full_text").GetString()!)
                .Select(span => (span.Kind.Label, span.Start, span.End))];
            foreach (var (label, _, _) in wanted.Concat(found))
            {
                scores.TryAdd(label, new Score(0, 0, 0));
            }

            foreach (var each in wanted)
            {
                scores[each.Label] = scores[each.Label].With(isHit: found.Contains(each), isWanted: true);
            }

            foreach (var each in found.Except(wanted))
            {
                scores[each.Label] = scores[each.Label].With(isHit: false, isWanted: false);
            }
        }

        return scores;
    }

    private sealed record Score(int Hits, int Misses, int Excess)
    {
        private double Precision => Hits == 0 ? 0 : (double)Hits / (Hits + Excess);

        private double Recall => Hits == 0 ? 0 : (double)Hits / (Hits + Misses);

        public double F2 => Hits == 0 ? 0 : 5 * Precision * Recall / ((4 * Precision) + Recall);

        public Score With(bool isHit, bool isWanted) =>
            isHit ? this with { Hits = Hits + 1 }
            : isWanted ? this with { Misses = Misses + 1 }
            : this with { Excess = Excess + 1 };

        public override string ToString() => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{Hits + Misses} | {Precision:0.000} | {Recall:0.000} | {F2:0.000}");
    }
}
