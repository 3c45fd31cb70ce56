using System.Buffers;
using System.Text;
using Countersign.Core.Redaction;

namespace Countersign.Tests.Redaction;

/// <summary>A text is masked alike, however it is cut, and wherever the borders of blocks fall.</summary>
public sealed class StreamingTests
{
    private const int Rounds = 40;
    private const int SmallBlock = 8 * 1024;

    private static readonly RedactionPlan Plan = RedactionPlan.Create(new RedactionOptions
    {
        Patterns = [("ticket", "TICKET-[0-9]{4,8}")],
        Dictionaries = [("project", ["Blue Heron"])],
    });

    [Fact]
    public void Any_cutting_gives_what_the_whole_text_gives()
    {
        for (var seed = 0; seed < Rounds; seed++)
        {
            var text = Encoding.UTF8.GetBytes(Compose(new Random(seed), 40_000));
            var whole = new Redactor(Plan).Redact(Encoding.UTF8.GetString(text), out var report);

            foreach (var most in (int[])[1, 7, 1000, 100_000])
            {
                var (masked, counts) = Stream(text, new Random(seed), most);

                Assert.Equal(whole, masked);
                Assert.Equal(report.Counts, counts.Counts);
            }
        }
    }

    [Fact]
    public void A_value_on_the_border_of_blocks_is_masked_whole()
    {
        var made = new Made(3);
        for (var before = SmallBlock - 60; before < SmallBlock + 5; before++)
        {
            var (card, email) = (made.Card(), made.Email());
            var text = $"{new string('.', before - 4300)} {card} {email} {new string('-', 4300)} {email} end";

            var (masked, _) = Stream(Encoding.UTF8.GetBytes(text), new Random(before), 500);

            Assert.DoesNotContain(card, masked, StringComparison.Ordinal);
            Assert.DoesNotContain(email, masked, StringComparison.Ordinal);
            Assert.EndsWith(" end", masked, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_key_and_a_token_longer_than_a_block_have_one_mask_each()
    {
        var random = new Random(5);
        var line = new string('A', 63) + "b\n";
        var lines = string.Concat(Enumerable.Repeat(line, 400));
        var key = $"-----BEGIN {"PRIVATE"} KEY-----\n{lines}-----END {"PRIVATE"} KEY-----";
        var header = Convert.ToBase64String("{\"alg\":\"RS256\"}"u8).TrimEnd('=');
        var token = $"{header}.{string.Concat(Enumerable.Repeat("eyJzdWIiOiJ", 3000))}.c2lnbmF0dXJl";

        var (masked, report) = Stream(Encoding.UTF8.GetBytes($"a {key} b {token} c"), random, 3000);

        Assert.Equal("a [private-key] b [jwt] c", masked);
        Assert.Equal(2, report.Total);
    }

    [Fact]
    public void A_pattern_inside_something_longer_than_a_block_does_not_divide_it()
    {
        var text = $"see https://example.org/{string.Concat(Enumerable.Repeat("TICKET-1234/a", 3000))} end";

        for (var block = SmallBlock; block < SmallBlock + 14; block++)
        {
            var (masked, _) = Stream(Encoding.UTF8.GetBytes(text), new Random(block), 5000, block);

            Assert.Equal(new Redactor(Plan).Redact(text, out _), masked);
        }
    }

    [Fact]
    public void A_token_with_a_long_header_is_masked_whole()
    {
        var json = $"{{\"alg\":\"x\",\"k\":\"{new string('k', 600)}\"}}";
        var header = Convert.ToBase64String(Encoding.UTF8.GetBytes(json));
        var text = $"a {header.TrimEnd('=')}.eyJzdWIiOiJ4In0.c2lnbmF0dXJl b";

        Assert.Equal("a [jwt] b", new Redactor(Plan).Redact(text, out _));
    }

    [Fact]
    public void Invisible_characters_without_end_do_not_fill_the_memory()
    {
        var text = string.Concat(Enumerable.Repeat("4\u200b\u200b\u200b", 300_000)) + " x@example.org";

        var (masked, _) = Stream(Encoding.UTF8.GetBytes(text), new Random(1), 9999, block: 64 * 1024);

        Assert.EndsWith(" [email]", masked, StringComparison.Ordinal);
    }

    private static (string Masked, RedactionReport Report) Stream(
        byte[] text, Random random, int most, int block = SmallBlock)
    {
        var output = new ArrayBufferWriter<byte>();
        var stream = new RedactionStream(Plan, output, block);
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(text.Length - at, 1 + random.Next(most));
            stream.Write(text.AsSpan(at, length));
            at += length;
        }

        var report = stream.Complete();
        return (Encoding.UTF8.GetString(output.WrittenSpan), report);
    }

    /// <summary>Values, parts of values and noise, in no order.</summary>
    private static string Compose(Random random, int length)
    {
        var made = new Made(random.Next());
        var text = new StringBuilder();
        while (text.Length < length)
        {
            text.Append(random.Next(24) switch
            {
                0 => made.Card(),
                1 => made.Email(),
                2 => made.Iban(),
                3 => made.IPv4(),
                4 => made.IPv6(),
                5 => made.Ssn(),
                6 => $"https://{made.Word(6)}.com/{made.Word(random.Next(3000))}",
                7 => Convert.ToBase64String(
                    Encoding.UTF8.GetBytes($"to {made.Email()} {made.Word(random.Next(3000))}")),
                8 => made.Email().Replace("@", made.Of("%40", "&#64;", "\\u0040", "\u200b@")),
                9 => $"TICKET-{made.Digits(6)}",
                10 => made.Of("Blue Heron", "blue  heron", "Blue\nHeron"),
                11 => made.Of("password=", "born on ", "phone ", "card: ", "version "),
                12 => made.Digits(1 + random.Next(40)),
                13 => made.Text("0123456789abcdef:-.", random.Next(40)),
                14 => made.Text("-_/+ab", random.Next(300)),
                21 => $"-----BEGIN {"PRIVATE"} KEY-----\n{made.Text("abcAB12+/", random.Next(9000))}",
                15 => made.Of("\u200b", "\\", "%", "&", "é", "日本", "@", "-----"),
                16 => made.Word(random.Next(400)),
                _ => made.Word(1 + random.Next(8)),
            });
            text.Append(made.Of(" ", " ", "\n", ", ", "", "-", "."));
        }

        return text.ToString();
    }
}
