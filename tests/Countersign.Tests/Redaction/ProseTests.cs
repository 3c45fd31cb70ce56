using System.Globalization;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Tests.Redaction;

/// <summary>A text that is told to hold nothing without being searched holds nothing.</summary>
public sealed class ProseTests
{
    private static readonly string[] s_words =
    [
        "Please", "deliver", "before", "noon", "password", "Bearer", "basic", "BASIC", "secret", "api", "key", "born",
        "March", "May", "iban", "card", "call", "ssn", "YWxpY2U6cHc", "dXNlcjpwYXNz", "AKIA", "ghp", "sk", "xoxb",
        "eyJ", "eyJhbGciOiIifQ..abcdefgh", "DEAB",
        "hunter", "acme.com", "www.acme", "abcdefghijklmno", "abcdefghijklmnop", "AAAAAAAAA", "e.g.",
        "dog", "glass", "patient", "secretly", "dapi", "ATTA",
        "3", "11", "1985", "85", "0049", "1234", "12345", "123456", "1.2.3.4", "3rd", "a1", "ext", "x", "version",
    ];

    [Fact]
    public void What_is_told_to_hold_nothing_holds_nothing_however_it_is_searched()
    {
        var (told, others) = (0, 0);
        foreach (var mode in new[] { RedactionMode.Text, RedactionMode.Columns })
        {
            var scanner = new Scanner(RedactionPlan.Create(new RedactionOptions { Mode = mode }));
            for (var seed = 0; seed < 40_000; seed++)
            {
                var random = new Random(seed);
                var text = Encoding.UTF8.GetBytes(Prose(random));
                scanner.Column = mode == RedactionMode.Columns || seed % 2 == 0
                    ? new ColumnContext(random.GetItems(s_words, 1)[0], ColumnType.Text, mode)
                    : null;
                var isTold = scanner.HoldsNothing(text);
                (told, others) = isTold ? (told + 1, others) : (told, others + 1);
                var found = new List<Found>();
                scanner.Reset();
                scanner.Scan(text, 0, isFinal: true, found);

                Assert.False(isTold && found.Count > 0, Encoding.UTF8.GetString(text));
            }
        }

        Assert.True(told > 10_000 && others > 10_000, $"{told} of {told + others}");
    }

    [Fact]
    public void A_short_number_is_nothing_under_any_name()
    {
        foreach (var mode in new[] { RedactionMode.Text, RedactionMode.Columns })
        {
            var scanner = new Scanner(RedactionPlan.Create(new RedactionOptions { Mode = mode }));
            foreach (var name in s_words.Concat(["phone", "dob", "nhs", "pesel", "steuer", "nir", "dni", "bsn", "ip"]))
            {
                foreach (var type in new[] { ColumnType.Text, ColumnType.Number })
                {
                    scanner.Column = new ColumnContext(name, type, mode);
                    for (var number = 0; number < 1_000_000; number += 997)
                    {
                        var text = Encoding.UTF8.GetBytes(
                            number % 2 == 0 ? $"{number}" : number.ToString("D6", CultureInfo.InvariantCulture));
                        var found = new List<Found>();
                        scanner.Reset();
                        scanner.Scan(text, 0, isFinal: true, found);

                        Assert.True(scanner.HoldsNothing(text));
                        Assert.Empty(found);
                    }
                }
            }

            Assert.False(scanner.HoldsNothing("1234567"u8));
        }
    }

    [Theory]
    [InlineData("Authorization: Basic dXNlcjpwYXNz")]
    [InlineData("it says Basic dXNlcjpwYXNz")]
    [InlineData("it says Bearer dXNlcjpwYXNzWor.")]
    public void What_follows_basic_and_bearer_is_found_though_it_is_letters(string text)
    {
        var masked = new Redactor(RedactionPlan.Create(new RedactionOptions())).Redact(text, out _);

        Assert.DoesNotContain("dXNlcjpwYXNz", masked, StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_operator_names_is_found_in_prose()
    {
        var terms = new Redactor(RedactionPlan.Create(new RedactionOptions
        {
            Dictionaries = [("projects", ["bluebird"])],
        }));

        Assert.DoesNotContain("bluebird", terms.Redact("the bluebird flies", out _), StringComparison.Ordinal);
    }

    private static string Prose(Random random)
    {
        var text = new StringBuilder();
        for (var word = random.Next(1, 8); word > 0; word--)
        {
            text.Append(random.Next(3) == 0
                ? new string(random.GetItems("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".AsSpan(),
                    random.Next(1, 18)))
                : random.GetItems(s_words, 1)[0]);
            text.Append(random.GetItems<string>([" ", " ", " ", ", ", ". ", "; ", "! ", ".", ","], 1)[0]);
        }

        return text.ToString();
    }
}
