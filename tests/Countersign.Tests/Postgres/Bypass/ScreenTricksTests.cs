using System.Text;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Gates.Api;
using Countersign.Server.Cli.Action;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>PG-31: a statement that tries to look like another one on the screen of who approves it.</summary>
public sealed class ScreenTricksTests(PostgresServer server)
{
    private const string TurnedRound = "\u202E1 = di EREHW\u202C";
    private const string Erased = "\u001b[2K\u001b[1GSELECT 1";

    /// <summary>In a comment, behind the end of a line, in a value, and in a name.</summary>
    [Theory]
    [InlineData(true, $"DELETE FROM orders /* {TurnedRound} */", "DELETE FROM orders")]
    [InlineData(false, $"DELETE FROM orders /* {TurnedRound} */", "DELETE FROM orders")]
    [InlineData(true, $"DELETE FROM orders -- {Erased}", "DELETE FROM orders")]
    [InlineData(false, $"DELETE FROM orders -- {Erased}", "DELETE FROM orders")]
    [InlineData(true, $"DELETE FROM orders WHERE customer <> '{TurnedRound}{Erased}'", null)]
    [InlineData(false, $"DELETE FROM orders WHERE customer <> '{TurnedRound}{Erased}'", null)]
    [InlineData(true, $"DELETE FROM orders AS \"o{TurnedRound}{Erased}\"", null)]
    [InlineData(false, $"DELETE FROM orders AS \"o{TurnedRound}{Erased}\"", null)]
    public async Task Who_approves_reads_what_it_is(bool mayWrite, string text, string? canonical)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);

        Assert.Equal("held", await session.AskAsync(text));
        var held = await prey.Host.UntilAsync(ActionState.Pending);

        var page = ActionText.Page(JsonElement.Parse(ActionJson.Write(
            held, new ActionView { Url = new Uri("http://console.test"), WithResult = true }).Span));
        Assert.Contains("Look closely:", page, StringComparison.Ordinal);
        Assert.Contains("DELETE FROM", page, StringComparison.Ordinal);
        Assert.DoesNotContain(page.EnumerateRunes(), IsDangerous);
        Assert.True(canonical is null || StatementOf(held) == canonical, StatementOf(held));
        await prey.AssertUntouchedAsync();
    }

    private static string? StatementOf(ActionRecord held) => held.Preview?.Statement;

    private static bool IsDangerous(Rune rune) =>
        rune.Value != '\n' && (Rune.IsControl(rune) || rune.Value is >= 0x202A and <= 0x202E);
}
