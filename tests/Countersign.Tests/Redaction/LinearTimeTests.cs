using System.Buffers;
using System.Text;
using Countersign.Core.Redaction;

namespace Countersign.Tests.Redaction;

/// <summary>Work is counted in bytes looked at; no input takes more than ten times what a clean one does.</summary>
public sealed class LinearTimeTests
{
    private const int Length = 100_000;
    private const int Most = 10;

    private static readonly RedactionPlan Plan = RedactionPlan.Create(new RedactionOptions());

    public static TheoryData<string> Repeated =>
    [
        "a@", "a.", "a@b.", "1 ", "12 ", "1-", "4444 ", "4444-", "4111111111111111 ", "1.1.", "1.1.1.1.", "a:", "::",
        "a::b", "00:", "aa-", "http://", "http://a ", "a://", "(1", "(1)", "+1", "+", "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ", "eyJ.", "AKIA ", "AKIA", "ghp_", "glpat-", "sk-", "sk-ant-api03-", "xoxb-1", "hooks.slack.com/services/",
        "DE12", "DE12 ", "GB00AAAA", "password=", "password= ", "bearer ", "basic a", "key: ", "%40", "%", "&#64;", "&",
        "\\u0040", "\\", "\u200b", "\u200b1", "aGVsbG8gd29ybGQgYWdhaW4/", "YUdWc2JHOGdkMjl5YkdRZ1lXZGhhVzRo",
        "a-", "a_", "a/",
        "/",
        "1/1/1990 ", "born 1/", "march ", "1 march ", "123-45-6789 ", "123456789 ", "12345678901 ", "www.", "www.a.b.",
        "00000000-0000-0000-0000-00000000000", "AAAAAAAAAAAAAAAA ", "aAbBcCdDeEfFgGhHiIjJkKlL", "0x", "é", "日本",
        "\n", "SK0",
        "sk_live_", "AccountKey=", "1:A", "12345678Z ", "RSSMRA85T10A562S ",
    ];

    [Theory]
    [MemberData(nameof(Repeated))]
    public void A_text_made_of_one_beginning_is_read_in_few_steps(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, Length / Encoding.UTF8.GetByteCount(part)));

        Assert.InRange(StepsOf(text), 0, Most * StepsOfClean());
    }

    [Fact]
    public void Random_mixtures_of_beginnings_are_read_in_few_steps()
    {
        var parts = Repeated.Select(row => row.Data).ToArray();
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var few = random.GetItems(parts, 1 + random.Next(4));
            var text = new StringBuilder();
            while (text.Length < Length / 4)
            {
                text.Append(few[random.Next(few.Length)]);
            }

            var steps = StepsOf(text.ToString());
            var bytes = Encoding.UTF8.GetByteCount(text.ToString());
            Assert.True(
                steps <= Most * StepsOfClean() * bytes / Length,
                $"{(double)steps / bytes:0.0} steps a byte for a mixture of {string.Join(" and ", few)}");
        }
    }

    private static long StepsOfClean() =>
        StepsOf(string.Concat(Enumerable.Repeat("nothing is to be found in here, ", Length / 32)));

    private static long StepsOf(string text)
    {
        var stream = new RedactionStream(Plan, new ArrayBufferWriter<byte>());
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.Complete();
        return stream.Steps;
    }
}
