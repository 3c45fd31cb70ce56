using System.Globalization;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Console.Endpoints;

/// <summary>The ledger's leaves, newest first: what everybody may see of every entry.</summary>
internal sealed class LedgerPages(IArchive archive, IStore store, PageWriter pages)
{
    private const int PageSize = 100;

    public async Task ShowAsync(Visit visit)
    {
        var checkpoint = await archive.ReadCheckpointAsync(visit.Aborted);
        var size = SizeOf(checkpoint);
        var end = long.TryParse(
            visit.Context.Request.Query["before"], NumberStyles.None, CultureInfo.InvariantCulture, out var before)
            ? Math.Min(before, size)
            : size;
        var from = Math.Max(0, end - PageSize);
        var leaves = await archive.ReadLeavesAsync(from, (int)(end - from), visit.Aborted);
        var entries = leaves.Select((leaf, i) => EntryOf(from + i, Leaf.Decode(leaf.Span))).Reverse();
        var view = new LedgerView([.. entries], size, checkpoint, store.Now)
        {
            Older = from > 0 ? $"/console/ledger?before={from}" : null,
        };
        await pages.WritePageAsync<LedgerPage>(visit.Context, 200, Frames.For("Ledger", visit), view);
    }

    private static EntryView EntryOf(long index, Leaf leaf) => new(
        index, leaf.Type.ToText(), leaf.At, leaf.Subject?.Action.Value, leaf.Payload.ToHex());

    /// <summary>The second line of a checkpoint (C2SP tlog-checkpoint).</summary>
    private static long SizeOf(string? checkpoint) =>
        checkpoint?.Split('\n') is [_, var size, ..]
        && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
}
