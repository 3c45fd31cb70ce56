using Countersign.Core.Redaction;

namespace Countersign.Tests.Redaction;

/// <summary>Values with right checksums, and the same with a wrong one, in sentences and fields of our own.</summary>
public sealed class GeneratedValueTests
{
    private const int Values = 5000;

    private static readonly string[] Templates =
    [
        "Please refund {0} today.", "{0}", "value={0}", "\"field\": \"{0}\",", "<td>{0}</td>", "({0})",
        "INSERT INTO t VALUES ('{0}', now());", "2026-11-22T03:10:31Z INFO handled {0} in 12 ms", "a|{0}|b",
        "first line\n{0}\nlast line", "customer {0}; next", "see [{0}]", "Ünïcode vor {0} und danach…",
    ];

    private static readonly (string Kind, Func<Made, string> Make, bool HasChecksum)[] Makers =
    [
        ("card", made => made.Card(), true),
        ("email", made => made.Email(), false),
        ("iban", made => made.Iban(), true),
        ("us-ssn", made => made.Ssn(), false),
        ("ip", made => made.IPv4(), false),
        ("ip", made => made.IPv6(), false),
        ("mac", made => made.Mac(), false),
        ("br-cpf", made => made.Cpf(), true),
        ("fr-nir", made => made.Nir(), true),
        ("cn-resident-id", made => made.Resident(), false),
        ("es-dni", made => made.Dni(), true),
        ("it-fiscal-code", made => made.FiscalCode(), true),
    ];

    [Fact]
    public void Every_valid_value_is_found_whole_in_every_template()
    {
        var made = new Made(1);
        var redactor = new Redactor(RedactionPlan.Create(new RedactionOptions()));
        var missed = new List<string>();
        for (var i = 0; i < Values; i++)
        {
            var (kind, make, _) = Makers[i % Makers.Length];
            var value = make(made);
            var text = string.Format(null, Templates[made.Next(Templates.Length)], value);
            var isFound = redactor.Find(text).Any(
                span => span.Kind.Name == kind && text[span.Start..span.End] == value);
            if (!isFound)
            {
                missed.Add($"{kind} in: {text}");
            }
        }

        Assert.True(missed.Count == 0, $"{missed.Count} of {Values} are missed:\n{string.Join('\n', missed.Take(20))}");
    }

    [Fact]
    public void A_wrong_checksum_is_not_taken_for_the_value()
    {
        var made = new Made(2);
        var redactor = new Redactor(RedactionPlan.Create(new RedactionOptions()));
        var makers = Makers.Where(maker => maker.HasChecksum).ToArray();
        var taken = new List<string>();
        for (var i = 0; i < Values; i++)
        {
            var (kind, make, _) = makers[i % makers.Length];
            var value = made.Broken(make(made));
            var text = string.Format(null, Templates[made.Next(Templates.Length)], value);
            if (redactor.Find(text).Any(span => span.Kind.Name == kind))
            {
                taken.Add($"{kind} in: {text}");
            }
        }

        Assert.True(taken.Count == 0, $"{taken.Count} of {Values} are taken:\n{string.Join('\n', taken.Take(20))}");
    }

    [Fact]
    public void A_column_with_a_telling_name_needs_no_form_to_speak_for_itself()
    {
        var redactor = new Redactor(RedactionPlan.Create(new RedactionOptions { Mode = RedactionMode.Columns }));

        Assert.Equal("[phone]", redactor.RedactColumn("customer_phone", ColumnType.Text, "0487 98 11 92", out _));
        Assert.Equal("[us-ssn]", redactor.RedactColumn("ssn", ColumnType.Number, "460899847", out _));
        Assert.Equal("0487 98 11 92", redactor.RedactColumn("part_no", ColumnType.Text, "0487 98 11 92", out _));
        Assert.Equal("460899847", redactor.RedactColumn("order_id", ColumnType.Number, "460899847", out _));
    }
}
