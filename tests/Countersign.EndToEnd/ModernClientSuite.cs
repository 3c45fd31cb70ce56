using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>What clients of 2026-07-28 get besides: their held calls go on by themselves.</summary>
public abstract class ModernClientSuite(SharedBench shared) : McpClientSuite(shared)
{
    /// <summary>Longer than one round of a held call, and shorter than what these clients allow a request.</summary>
    private static readonly TimeSpan s_beyondOneRound = TimeSpan.FromSeconds(50);

    [Fact]
    public async Task It_needs_no_handshake()
    {
        await using var client = await ConnectAsync();

        Assert.Equal("2026-07-28", await VersionAsync(client, Cancel));
    }

    [Fact]
    public override async Task A_call_held_beyond_the_clients_patience_still_gets_its_result_exactly_once()
    {
        await using var client = await ConnectAsync();

        var calling = client.CallAsync("restart_service", Named("rounds"), Cancel);
        var held = await Bench.Alice.FindAsync("pending", Cancel);
        await Task.Delay(s_beyondOneRound, Cancel);
        Assert.False(calling.IsCompleted);
        Assert.Empty(CallsNamed("rounds"));
        await Bench.Alice.VoteAsync(held.GetProperty("id").GetString()!, "approve", Cancel);
        var answer = await calling;

        Assert.Equal(new ToolAnswer(IsError: false, "ran restart_service", Status: null), answer);
        Assert.Single(CallsNamed("rounds"));
    }

    private protected abstract Task<string?> VersionAsync(IToolClient client, CancellationToken cancellationToken);
}
