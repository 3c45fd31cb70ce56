using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// FLT-31: the same persons answer in Slack, in Teams, in the console and over the API at the same instant, against the
/// built product.
/// </summary>
public sealed class ChannelRaceTests
{
    private const int Rounds = 12;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Threat", "THR-013"), Trait("CWE", "863")]
    public async Task A_person_who_answers_everywhere_at_once_is_one_person_and_the_action_runs_once()
    {
        await using var slack = await SlackWorld.StartAsync(Cancel);
        await using var teams = await TeamsWorld.StartAsync(Cancel);
        await using var bench = await StartAsync(slack, teams);
        using var alice = await SignInAsync(bench, "ALICE");
        using var bob = await SignInAsync(bench, "BOB");

        for (var round = 0; round < Rounds; round++)
        {
            var held = await bench.Agent.AskAsync("ops", "move_money", $$"""{"id":"{{round}}"}""", Cancel);
            var click = SlackWorld.ValueOf(await NextAsync(slack.NextMessageAsync, held.Id!), "approve")!;
            var press = TeamsWorld.DataOf(await NextAsync(teams.NextCardAsync, held.Id!), "approve");

            await AnswerEverywhereAsync("ALICE", alice);
            var half = await bench.Agent.ShowAsync(held.Id!, Cancel);
            await AnswerEverywhereAsync("BOB", bob);
            var ended = await bench.Agent.WaitForEndAsync(held.Id!, Cancel);

            Assert.Equal(("pending", "alice"), (half.State, string.Join(", ", VotersOf(half))));
            Assert.Equal(("succeeded", "alice, bob"), (ended.State, string.Join(", ", VotersOf(ended))));
            Assert.Equal(round + 1, bench.Upstream.Calls.Count);

            Task AnswerEverywhereAsync(string person, ConsoleVisitor console) => Task.WhenAll(
                slack.SendAsync(bench.Product.Address, slack.Press($"U0{person}", "approve", click), Cancel),
                teams.PressAsync(bench.Product.Address, person, "approve", press.DeepClone(), Cancel),
                console.VoteAsync(held.Id!, "approve", held.Digest!, Cancel),
                bench.Product.As(person).VoteAsync(held.Id!, "approve", held.Digest!, Cancel));
        }

        await bench.Product.VerifyLedgerAsync(Cancel);
    }

    private static Task<Bench> StartAsync(SlackWorld slack, TeamsWorld teams) => Bench.StartAsync(
        new ProductOptions
        {
            Policy = StandardPolicy.TwoInChat,
            // Both begin with the line 'channels:'.
            More = $"{slack.Configuration}\n{teams.Configuration[teams.Configuration.IndexOf('\n')..].TrimStart('\n')}",
            Environment = SlackWorld.Variables.Concat(TeamsWorld.Variables).ToDictionary(),
            Accounts = TeamsWorld.Accounts,
        },
        Cancel);

    private static async Task<ConsoleVisitor> SignInAsync(Bench bench, string person)
    {
        var visitor = new ConsoleVisitor(bench.Product.Address);
        await visitor.SignInAsync(ProductFolder.TokenOf(person), Cancel);
        return visitor;
    }

    /// <summary>The first message about an action; changes of earlier ones may still come.</summary>
    private static async Task<JsonObject> NextAsync(Func<CancellationToken, Task<JsonObject>> next, string id)
    {
        while (true)
        {
            if (await next(Cancel) is { } message
                && message.ToJsonString().Contains(id, StringComparison.Ordinal))
            {
                return message;
            }
        }
    }

    /// <summary>A stronger proof of the same answer may stand beside it; the person is one all the same.</summary>
    private static IEnumerable<string> VotersOf(ApiAnswer action) => action.Json
        .GetProperty("review").GetProperty("votes").EnumerateArray()
        .Select(vote => vote.GetProperty("person").GetString()!)
        .Distinct().Order(StringComparer.Ordinal);
}
