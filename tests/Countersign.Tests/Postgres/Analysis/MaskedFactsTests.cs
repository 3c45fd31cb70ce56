using Countersign.Core.Redaction;
using Countersign.Gates.Postgres;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>
/// Each line of <c>masked-facts.txt</c>: whether the statement touches masked columns, what its result's columns are
/// (<see cref="MaskedShop.Describe"/>), and the statement.
/// </summary>
public sealed class MaskedFactsTests(MaskedShop shop) : IClassFixture<MaskedShop>
{
    private static readonly string[] s_cases =
    [
        .. File.ReadLines(RepositoryRoot.Combine(
                "tests", "Countersign.Tests", "Postgres", "Analysis", "masked-facts.txt"))
            .Where(line => line.Length > 0 && line[0] != '#'),
    ];

    public static TheoryData<string> Cases => [.. s_cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_statement_says_what_it_does_with_masked_columns(string line)
    {
        var parts = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);

        var effects = await shop.EffectsAsync(parts[2]);

        var touches = MaskedShop.Touches(effects) ? "touches" : "passes";
        Assert.Equal($"{parts[0]} {parts[1]}", $"{touches} {MaskedShop.Describe(effects)}");
    }

    [Fact]
    public async Task Nothing_touches_anything_where_nothing_is_masked()
    {
        foreach (var line in s_cases)
        {
            var effects = await shop.EffectsAsync(line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries)[2]);

            Assert.False((bool)PostgresActionReader
                .FactsOf(effects, TargetRedaction.None).Members["touches_masked"]);
        }
    }

    [Theory]
    [InlineData("SELECT pg_notify('c', ssn) FROM customers", true)]
    [InlineData("SELECT pg_notify(ssn, '') FROM customers", true)]
    [InlineData("SELECT pg_notify('c', number) FROM names", true)]
    [InlineData("SELECT pg_notify('c', coded(1))", true)]
    [InlineData("SELECT pg_notify('c', name) FROM customers", false)]
    [InlineData("SELECT pg_notify('c', 'x')", false)]
    public async Task What_is_told_to_others_is_known(string text, bool isMasked) =>
        Assert.Equal(isMasked, (await shop.EffectsAsync(text)).Announced.IsMaskedBy(MaskedShop.Redaction));

    [Theory]
    [InlineData("SELECT set_config('application_name', ssn, false) FROM customers")]
    [InlineData("SELECT set_config('application_name', (SELECT ssn FROM customers LIMIT 1), false)")]
    [InlineData("SELECT set_config('a.b', coded(1), false)")]
    [InlineData("SELECT query_to_xml('SELECT ssn FROM customers', true, true, '')")]
    [InlineData("SELECT lo_from_bytea(0, ssn::bytea) FROM customers")]
    [InlineData("COPY (SELECT ssn FROM customers) TO 'x.csv'")]
    public async Task What_would_carry_values_elsewhere_is_refused(string text) =>
        Assert.NotNull((await shop.EffectsAsync(text)).Refused);
}
