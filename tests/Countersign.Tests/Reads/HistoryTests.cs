using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Reads;
using Countersign.Core.Storage;
using Countersign.Tests.Core;
using Countersign.Tests.Support;
using static Countersign.Tests.Reads.ReadSample;

namespace Countersign.Tests.Reads;

/// <summary>
/// Random histories of reads, time, failing stores, lost acknowledgements, crashes and planned stops. An observer
/// counts what was really sent; in the end the ledger must account for all of it: recorded, or within the bound of a
/// gap.
/// </summary>
public sealed class HistoryTests : CoreTests
{
    private const int Steps = 600;

    private static readonly ReadLimits Limits = new()
    {
        WindowReads = 12,
        WindowTime = TimeSpan.FromSeconds(8),
        EntryReads = 3,
        WaitingEntries = 2,
    };

    private readonly Dictionary<long, long> _sent = [];
    private readonly List<(SessionReads Reads, List<ReadTicket> Begun)> _sessions = [];
    private int _nodes;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task The_ledger_accounts_for_every_read_that_was_sent(int seed)
    {
        var random = new Random(seed);
        StartNode();
        for (var step = 0; step < Steps; step++)
        {
            await StepAsync(random);
        }

        Host.Store.Heal();
        StartNode();
        await SweepUntilEveryWindowHasEndedAsync();

        await AssertAccountedForAsync();
    }

    /// <summary>What a node had sent to the store when it stopped may arrive a little later.</summary>
    private async Task SweepUntilEveryWindowHasEndedAsync()
    {
        int opened;
        int ended;
        do
        {
            Host.Cancel.ThrowIfCancellationRequested();
            await Host.SweepAsync();
            var windows = await Host.PayloadsOfAsync(EntryType.RecordingWindow);
            opened = windows.Count(entry => IsOpening(entry.Payload));
            ended = windows.Count - opened + (await Host.PayloadsOfAsync(EntryType.RecordingGap)).Count;
        }
        while (ended < opened);
    }

    private async Task StepAsync(Random random)
    {
        switch (random.Next(40))
        {
            case < 16:
                await BeginAsync(random);
                break;
            case < 28:
                End(random);
                break;
            case < 32:
                Host.Time.Advance(TimeSpan.FromSeconds(random.Next(1, 4)));
                break;
            case < 35:
                await Record.ExceptionAsync(Host.SweepAsync);
                break;
            case 35:
                Host.Store.FailOn(AnyType(random), AnyFault(random));
                break;
            case < 38:
                Host.Store.Heal();
                break;
            case 38:
                StartNode();
                break;
            default:
                await Host.DrainAsync();
                StartNode();
                break;
        }
    }

    /// <summary>Another node begins where the one before stopped, however it did.</summary>
    private void StartNode()
    {
        _sessions.Clear();
        Host.Reopen(options => options with { Self = new($"node-{++_nodes}"), Reads = Limits });
        for (var i = 0; i < 3; i++)
        {
            _sessions.Add((Host.Reads.Open(SessionOf(CoreHost.Ask())), []));
        }
    }

    private async Task BeginAsync(Random random)
    {
        var (reads, begun) = _sessions[random.Next(_sessions.Count)];
        if (!reads.TryBegin(out var ticket))
        {
            try
            {
                ticket = await reads.BeginAsync(Host.Cancel);
            }
            catch (StoreUnavailableException)
            {
                return;
            }
        }

        var window = ticket.Window.Entry;
        _sent[window] = _sent.GetValueOrDefault(window) + 1;
        begun.Add(ticket);
    }

    private void End(Random random)
    {
        var (reads, begun) = _sessions[random.Next(_sessions.Count)];
        if (begun.Count > 0)
        {
            var ticket = begun[random.Next(begun.Count)];
            begun.Remove(ticket);
            reads.End(ticket, Note(Balance, at: Host.Time.GetUtcNow()));
        }
    }

    private async Task AssertAccountedForAsync()
    {
        var windows = await Host.PayloadsOfAsync(EntryType.RecordingWindow);
        var gaps = await Host.PayloadsOfAsync(EntryType.RecordingGap);
        var recorded = (await Host.PayloadsOfAsync(EntryType.ActionExecuted))
            .GroupBy(entry => entry.Payload.GetProperty("window").GetInt64())
            .ToDictionary(group => group.Key, group => group.Sum(entry => Length(entry.Payload, "reads")));
        var opened = windows.Where(entry => IsOpening(entry.Payload)).ToList();
        Assert.True(opened.Count > 10, $"Only {opened.Count} windows were opened.");
        foreach (var (window, _) in opened)
        {
            var sent = _sent.GetValueOrDefault(window);
            var told = recorded.GetValueOrDefault(window);
            var closings = windows.Where(entry => NumberOf(entry.Payload, "closes") == window).ToList();
            var gap = gaps.SingleOrDefault(entry => NumberOf(entry.Payload, "window") == window).Payload;
            Assert.Equal(1, closings.Count + (gap.ValueKind == JsonValueKind.Undefined ? 0 : 1));
            Assert.InRange(sent, told, Limits.WindowReads);
            if (closings is [var closing])
            {
                Assert.Equal((sent, sent), (told, closing.Payload.GetProperty("reads").GetInt64()));
            }
            else
            {
                Assert.InRange(sent - told, 0, gap.GetProperty("at_most").GetInt64());
            }
        }
    }

    private static bool IsOpening(JsonElement window) => window.TryGetProperty("until", out _);

    private static long Length(JsonElement payload, string name) => payload.GetProperty(name).GetArrayLength();

    private static long? NumberOf(JsonElement payload, string name) =>
        payload.TryGetProperty(name, out var number) ? number.GetInt64() : null;

    private static EntryType AnyType(Random random) => random.Next(3) switch
    {
        0 => EntryType.RecordingWindow,
        1 => EntryType.RecordingGap,
        _ => EntryType.ActionExecuted,
    };

    private static StoreFault AnyFault(Random random) =>
        random.Next(2) == 0 ? StoreFault.Refused : StoreFault.AcknowledgementLost;
}
