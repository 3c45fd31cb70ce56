using System.Collections.Immutable;
using Countersign.Core.Redaction;

namespace Countersign.Tests.Redaction;

public sealed class TreatmentTests
{
    private const string Card = "4111 1111 1111 1111";
    private const string Email = "John.Doe@example.org";

    private static readonly RedactionKey Key = new(new byte[RedactionKey.Length]);

    [Fact]
    public void A_mask_names_the_kind_or_keeps_the_end_or_leaves_nothing()
    {
        Assert.Equal("pay [card] now", Redact(Treatment.Redact, $"pay {Card} now"));
        Assert.Equal("pay [card *1111] now", Redact(Treatment.Partial, $"pay {Card} now"));
        Assert.Equal("to [email J*]", Redact(Treatment.Partial, $"to {Email}"));
        Assert.Equal("pay  now", Redact(Treatment.Drop, $"pay {Card} now"));
    }

    [Fact]
    public void What_is_general_stays()
    {
        Assert.Equal("[email example.org]", Redact(Treatment.Generalise, Email));
        Assert.Equal("[ip 192.0.x.x]", Redact(Treatment.Generalise, "192.0.2.33"));
        Assert.Equal("born [date-of-birth 1985]", Redact(Treatment.Generalise, "born 3/4/1985"));
        Assert.Equal("[url www.example.org]", Redact(Treatment.Generalise, "https://www.example.org/a?b=c"));
        Assert.Equal("[us-ssn]", Redact(Treatment.Generalise, "460-89-9847"));
    }

    [Fact]
    public void Equal_values_hash_alike_in_every_spelling_and_under_one_key_and_kind_only()
    {
        var hash = Redact(Treatment.Hash, Card);

        Assert.Matches("^\\[card #[a-p]{20}\\]$", hash);
        Assert.Equal(hash, Redact(Treatment.Hash, Card.Replace(" ", "-")));
        Assert.Equal(hash, Redact(Treatment.Hash, Card.Replace(" ", "")));
        Assert.NotEqual(hash, Redact(Treatment.Hash, "5555 5555 5555 4444"));
        Assert.NotEqual(hash, Redact(Treatment.Hash, Card, new RedactionKey(new byte[31].Append((byte)1).ToArray())));
        Assert.Equal(Redact(Treatment.Hash, Email), Redact(Treatment.Hash, Email.ToLowerInvariant()));
    }

    [Fact]
    public void A_token_is_consistent_and_only_its_key_opens_it_for_its_kind()
    {
        var masked = Redact(Treatment.Tokenise, Email);
        var token = masked["[email ~".Length..^1];

        Assert.Equal(masked, Redact(Treatment.Tokenise, Email));
        Assert.Equal(Email, Key.Open("email", token));
        Assert.Null(Key.Open("card", token));
        Assert.Null(new RedactionKey(new byte[31].Append((byte)1).ToArray()).Open("email", token));
        Assert.Null(Key.Open("email", string.Concat(token.Select((letter, at) => at == 40 ? Other(letter) : letter))));
        Assert.Null(Key.Open("email", token[..^2]));
        Assert.Null(Key.Open("email", "zz"));
    }

    [Fact]
    public void Every_length_of_value_can_be_opened_again()
    {
        for (var length = 0; length <= RedactionKey.LongestValue; length += 31)
        {
            var value = new string('x', length);

            Assert.Equal(value, Key.Open("kind", Key.TokenOf("kind", System.Text.Encoding.UTF8.GetBytes(value))));
        }
    }

    [Theory]
    [InlineData("redact")]
    [InlineData("partial")]
    [InlineData("hash")]
    [InlineData("tokenise")]
    [InlineData("drop")]
    public void What_was_masked_is_not_masked_again(string treatment)
    {
        var made = new Made(4);
        for (var i = 0; i < 300; i++)
        {
            var text = $"a {made.Email()}, {made.Card()}; {made.Iban()} {made.Ssn()} {made.Mac()} {made.Cpf()} end";
            var once = Redact(Treatment.Named(treatment)!, text);

            Assert.Equal(once, Redact(Treatment.Named(treatment)!, once));
        }
    }

    [Fact]
    public void Hashing_and_tokenising_need_a_key()
    {
        var options = new RedactionOptions
        {
            Treatments = ImmutableDictionary<string, Treatment>.Empty.Add("card", Treatment.Hash),
        };

        Assert.Contains("key", Assert.Throws<ArgumentException>(() => RedactionPlan.Create(options)).Message);
        Assert.Throws<ArgumentException>(() => new RedactionKey(new byte[16]));
    }

    [Fact]
    public void Each_kind_may_have_its_own_treatment_and_the_report_counts_them()
    {
        var plan = RedactionPlan.Create(new RedactionOptions
        {
            Treatments = ImmutableDictionary<string, Treatment>.Empty.Add("card", Treatment.Partial),
        });

        var masked = new Redactor(plan).Redact($"{Email} {Card} {Email}", out var report);

        Assert.Equal("[email] [card *1111] [email]", masked);
        Assert.Equal("1 card, 2 email", report.ToString());
        Assert.Equal(6, report.With(report).Total);
    }

    private static char Other(char letter) => letter == 'a' ? 'b' : 'a';

    private static string Redact(Treatment treatment, string text, RedactionKey? key = null) =>
        new Redactor(RedactionPlan.Create(new RedactionOptions { Treatment = treatment, Key = key ?? Key }))
            .Redact(text, out _);
}
