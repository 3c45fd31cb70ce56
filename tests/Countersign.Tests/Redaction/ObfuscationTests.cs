using System.Text;
using Countersign.Core.Redaction;

namespace Countersign.Tests.Redaction;

/// <summary>A value stays one in whatever spelling a reader, a browser or a decoder would undo.</summary>
public sealed class ObfuscationTests
{
    private const string Address = "john.doe@example.org";
    private const string Digits = "4111111111111111";

    private static readonly Redactor Redactor = new(RedactionPlan.Create(new RedactionOptions()));

    public static TheoryData<string, string> Spellings => new()
    {
        { Join(Digits, "\u200b"), "[card]" },
        { Join(Digits, "\u00ad"), "[card]" },
        { Join(Digits, " "), "[card]" },
        { $"{Digits[..8]}\n{Digits[8..]}", "[card]" },
        { $"{Digits[..4]}\u00a0{Digits[4..8]}\u2011{Digits[8..12]}\u2009{Digits[12..]}", "[card]" },
        { string.Concat(Digits.Select(digit => (char)(digit - '0' + 0xFF10))), "[card]" },
        { string.Concat(Digits.Select(digit => (char)(digit - '0' + 0x660))), "[card]" },
        { $"{Digits[..4]}%20{Digits[4..8]}%20{Digits[8..12]}%20{Digits[12..]}", "[card]" },
        { Address.Replace("@", "%40"), "[email]" },
        { Address.Replace("@", "%2540"), "[email]" },
        { Address.Replace("@", "&#64;"), "[email]" },
        { Address.Replace("@", "&#x40;").Replace(".", "&period;"), "[email]" },
        { Address.Replace("@", "&amp;#64;"), "[email]" },
        { Address.Replace("@", "\\u0040"), "[email]" },
        { Address.Replace("@", "\\\\u0040"), "[email]" },
        { Address.Replace("@", "\\x40"), "[email]" },
        { Address.Replace("@", "\\u{40}"), "[email]" },
        { Address.Replace("@", "\uff20"), "[email]" },
        { Join(Address, "\u2060"), "[email]" },
        { Encode($"mail to {Address} now"), "[email]" },
        { Encode($"card {Digits}, thanks"), "[card]" },
        { Encode(Encode($"mail to {Address} now")), "[email]" },
    };

    [Theory]
    [MemberData(nameof(Spellings))]
    public void A_spelling_is_seen_through(string spelling, string mask) =>
        Assert.Equal($"before {mask} after", Redactor.Redact($"before {spelling} after", out _));

    [Fact]
    public void A_long_run_of_base64_is_looked_at_in_all_its_pieces()
    {
        var text = string.Concat(Enumerable.Repeat("nothing to see in this sentence, really. ", 200));
        // The first piece ends at byte 1,536 of what it decodes to; values across that border are in the next one.
        foreach (var at in Enumerable.Range(0, 8).Select(each => each * 997).Concat(Enumerable.Range(1505, 40)))
        {
            var run = Convert.ToBase64String(Encoding.UTF8.GetBytes(text.Insert(at, $" {Address} ")));

            var masked = Redactor.Redact($"data {run} end", out var report);

            Assert.Contains("[email]", masked, StringComparison.Ordinal);
            Assert.EndsWith(" end", masked, StringComparison.Ordinal);
            Assert.True(report.Counts["email"] >= 1);
            Assert.DoesNotContain(Decodable(masked), piece => piece.Contains(Address, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void An_escape_of_JSON_is_not_half_masked()
    {
        const string Json = """{"note":"first\n{0}\nthen \"{0}\"\\"}""";
        var masked = Redactor.Redact(Json.Replace("{0}", Address), out _);

        Assert.Equal("""{"note":"first\n[email]\nthen \"[email]\"\\"}""", masked);
    }

    private static IEnumerable<string> Decodable(string text) => text.Split(' ')
        .Where(word => word.Length % 4 == 0 && Convert.TryFromBase64String(word, new byte[word.Length], out _))
        .Select(word => Encoding.UTF8.GetString(Convert.FromBase64String(word)));

    private static string Join(string text, string between) => string.Join(between, text.AsEnumerable());

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
