using Countersign.Server.Cli;
using Countersign.Tests.Postgres.Parsing;

namespace Countersign.Tests.Cli;

public sealed class GrammarCheckTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_library_that_parses_is_in_order()
    {
        var options = PgQueryFixture.Options();

        Assert.Equal(
            (true, $"libpg_query at {options.Library}"),
            await GrammarCheck.RunAsync(options.Library, options.Program, isNeeded: true, Cancelled));
    }

    [Fact]
    public async Task Another_library_in_its_place_is_found_out()
    {
        var program = PgQueryFixture.Options().Program;

        var (isOk, text) = await GrammarCheck.RunAsync("/etc/passwd", program, isNeeded: true, Cancelled);

        Assert.False(isOk, text);
        Assert.StartsWith("libpg_query at /etc/passwd: ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "apt-get install libpg-query1504.0")]
    [InlineData(false, "only a PostgreSQL gate needs it")]
    public async Task Without_the_library_only_a_PostgreSQL_gate_is_out_of_order(bool isNeeded, string expected)
    {
        var (isOk, text) = await GrammarCheck.RunAsync(library: null, program: "", isNeeded, Cancelled);

        Assert.Equal(!isNeeded, isOk);
        Assert.Contains(expected, text, StringComparison.Ordinal);
    }
}
