using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Keeps a held call's client informed: at once, and then with every heartbeat, how far the approval is.
/// </summary>
internal sealed class HeldNotices(McpGateOptions options, Exchange exchange) : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private Task _telling = Task.CompletedTask;

    /// <summary>Called when the review is open; again when the call was overtaken and held anew.</summary>
    public void Begin(ActionRecord record)
    {
        if (_telling.IsCompleted)
        {
            _telling = TellAsync(record, _over.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    /// <summary>What a pending action waits for, and how far it is.</summary>
    public static string TextOf(ActionRecord record, McpGateOptions options)
    {
        var today = options.Charter();
        var electorate = Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
        var have = record.Life.Tracks
            .Select((track, i) => Tally.Of(track, i, record.Life.Votes, electorate).Have.Sum())
            .Sum();
        var need = record.Life.Tracks.Sum(track => track.Requirement.Stages.Sum(stage => stage.Need));
        return $"Waiting for approval {record.Id}, {have} of {need} approved, {options.ReviewUrl(record.Id)}";
    }

    private async Task TellAsync(ActionRecord held, CancellationToken cancellationToken)
    {
        for (var record = held; record is { State: ActionState.Pending };)
        {
            if (!await exchange.NoticeAsync(TextOf(record, options), cancellationToken))
            {
                return;
            }

            await Task.Delay(options.Limits.Heartbeat, options.Time, cancellationToken);
            record = await options.Gatekeeper.FindAsync(held.Id, cancellationToken);
        }
    }
}
