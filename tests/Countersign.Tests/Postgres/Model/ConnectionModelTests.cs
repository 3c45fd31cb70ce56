using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Support;

namespace Countersign.Tests.Postgres.Model;

/// <summary>
/// Sessions of the gate against a model of the connection that they stand in for: whatever a client says, in whatever
/// order, the same statements run as on a direct connection on which nobody may run what was not allowed, and what has
/// to be asked for reaches the database only while it is executed.
/// </summary>
public sealed class ConnectionModelTests(PostgresServer server)
{
    private const int Walks = 400;
    private const int Length = 30;

    [Fact]
    public async Task Random_connections_are_as_the_model_says()
    {
        await using var gate = await ModelGate.StartAsync(server);
        var wrong = new List<string>();
        for (var seed = 1; seed <= Walks && wrong.Count < 4; seed++)
        {
            await AddWrongAsync(gate, Walk.Random(seed, Length), wrong);
        }

        Print($"PostgreSQL connections: {Walks} random walks of {Length} letters.");
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
    }

    [Fact]
    public async Task All_short_connections_are_as_the_model_says()
    {
        await using var gate = await ModelGate.StartAsync(server);
        var wrong = new List<string>();
        var core = Vocabulary.Core;
        var beginnings = core.SelectMany(first => core.Select(second => (first, second)))
            .Where((_, index) => index % FullRun.Step(4) == 0)
            .ToList();
        foreach (var (first, second) in beginnings)
        {
            Letter[] letters =
            [
                .. core.SelectMany(third => core.SelectMany(
                    fourth => (Letter[])[first, second, third, fourth, .. Vocabulary.Reset])),
            ];
            await AddWrongAsync(gate, new Walk(letters), wrong);
            await AddWrongAsync(gate, new Walk(letters) { Together = [4 + Vocabulary.Reset.Length] }, wrong);
            Assert.True(wrong.Count < 4, string.Join("\n\n", wrong));
        }

        Print($"PostgreSQL connections: {beginnings.Count * core.Length * core.Length} of " +
            $"{Math.Pow(core.Length, 4)} sequences of 4 out of {core.Length} letters, each message by message and at " +
            "once.");
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
    }

    [Theory]
    [InlineData(ProxyBug.NothingIsSkipped, Rule.SameRuns)]
    [InlineData(ProxyBug.NamesFollowWhatWasSent, Rule.Refused)]
    [InlineData(ProxyBug.VerdictsFollowNames, Rule.Refused)]
    [InlineData(ProxyBug.HeldPortalsAreBoundAhead, Rule.Refused)]
    [InlineData(ProxyBug.NothingWaitsBehindAHold, Rule.Refused)]
    [InlineData(ProxyBug.FunctionCallsPass, Rule.Understood)]
    public async Task A_mistake_in_the_design_is_found(ProxyBug bug, string rule)
    {
        await using var gate = await ModelGate.StartAsync(server);
        for (var seed = 1; seed <= Walks; seed++)
        {
            var walk = Walk.Random(seed, Length) with { Together = [1], Bug = bug };
            var wrong = await gate.WhatIsWrongAsync(walk);
            if (wrong.FirstOrDefault(one => one.StartsWith(rule, StringComparison.Ordinal)) is { } found)
            {
                Print($"{bug}: {await gate.ShowAsync(walk, found)}");
                return;
            }
        }

        Assert.Fail($"{bug} was not found.");
    }

    private static void Print(string text) => System.Console.WriteLine(text);

    private static async Task AddWrongAsync(ModelGate gate, Walk walk, List<string> to)
    {
        var wrong = await gate.WhatIsWrongAsync(walk);
        if (wrong.Count > 0)
        {
            to.Add(await gate.ShowAsync(walk, wrong[0]));
        }
    }
}
