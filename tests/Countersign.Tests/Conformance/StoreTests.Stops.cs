using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    private static readonly AgentId s_bot = new("bot");

    [Fact]
    public async Task A_stop_is_in_force_from_its_commit_on_and_after_a_restart()
    {
        Assert.Null(await Store.FindStopAsync(s_bot, Cancel));
        var committed = await CommitAsync(StopOf("bot", "why"));

        await ReopenAsync();

        var stop = await Store.FindStopAsync(s_bot, Cancel);
        Assert.Equal((s_bot, committed.Indexes[0], committed.At), (stop!.Agent, stop.Entry, stop.At));
        Assert.Equal("why", Sample.Text(stop.Payload));
        Assert.Equal("bot", Assert.Single(await Store.FindStopsAsync(Cancel)).Agent.Value);
        Assert.Null(await Store.FindStopAsync(new AgentId("other"), Cancel));
    }

    [Fact]
    public async Task Nothing_that_needs_an_active_agent_is_committed_behind_a_stop()
    {
        var (row, other) = (Sample.Pending(), Sample.Pending(agent: "other"));
        await CommitAsync(Sample.Insert(row) with { OnlyIfActive = row.Agent });
        await CommitAsync(Sample.Move(Sample.Approved(row), from: 1, EntryType.ReviewDecided));
        await CommitAsync(StopOf("bot"));

        var claim = Sample.Move(Sample.Executing(row), from: 2, EntryType.ExecutionIntent);
        await AssertConflictAsync(ConflictReason.AgentStopped, claim with { OnlyIfActive = row.Agent });
        await AssertConflictAsync(
            ConflictReason.AgentStopped, Sample.Insert(Sample.Pending()) with { OnlyIfActive = row.Agent });

        Assert.Equal(ActionState.Approved, (await FindAsync(row)).Row.State);
        await CommitAsync(Sample.Insert(other) with { OnlyIfActive = other.Agent });
    }

    [Fact]
    public async Task Of_claims_and_a_stop_at_once_no_claim_is_committed_behind_the_stop()
    {
        var rows = Enumerable.Range(0, 60).Select(_ => Sample.Approved(Sample.Pending())).ToList();
        await Task.WhenAll(rows.Select(row => CommitAsync(Sample.Insert(row))));

        var claims = rows.Take(30).Select(Claim).ToList();
        var stop = CommitAsync(StopOf("bot"));
        claims.AddRange(rows.Skip(30).Select(Claim));
        var claimed = (await Task.WhenAll(claims)).OfType<CommitResult.Committed>().ToList();

        var stopped = (await stop).Indexes[0];
        Assert.All(claimed, done => Assert.True(done.Indexes[0] < stopped));

        Task<CommitResult> Claim(ActionRow row) => Store.CommitAsync(
            Sample.Move(Sample.Executing(row), from: 1, EntryType.ExecutionIntent) with { OnlyIfActive = row.Agent },
            Cancel);
    }

    [Fact]
    public async Task Several_stops_of_one_agent_are_one()
    {
        var results = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => Store.CommitAsync(StopOf("bot"), Cancel)));

        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.All(
            results.OfType<CommitResult.Conflict>(),
            lost => Assert.Equal(ConflictReason.AgentStopped, lost.Reason));
        Assert.Equal(1, (await ReadCheckpointAsync())!.Size);
    }

    [Fact]
    public async Task One_entry_ends_everything_the_agent_had_open()
    {
        var (pending, approved) = (Sample.Pending(), Sample.Pending());
        await CommitAsync(Sample.Insert(pending));
        await CommitAsync(Sample.Insert(Sample.Approved(approved)));
        using var changes = Store.Changes.Subscribe();

        var stop = await CommitAsync(StopOf("bot", "stopped by alice", pending, approved));

        Assert.Equal(3, (await ReadCheckpointAsync())!.Size);
        foreach (var row in new[] { pending, approved })
        {
            var found = await FindAsync(row);
            Assert.Equal((ActionState.Withdrawn, 2L), (found.Row.State, found.Row.Version));
            Assert.Null(found.Row.Grant);
            Assert.Equal("stopped by alice", Sample.Text(found.Ending));
            Assert.Equal(stop.Indexes[0], found.Ledger.Index);
            Assert.True(changes.Reader.TryRead(out var changed));
            Assert.Equal((row.Id, ActionState.Withdrawn), (changed.Id, changed.State));
        }
    }

    [Fact]
    public async Task A_stop_whose_actions_moved_writes_nothing()
    {
        var (moved, still) = (Sample.Pending(), Sample.Pending());
        await CommitAsync(Sample.Insert(moved));
        await CommitAsync(Sample.Insert(still));
        await CommitAsync(Sample.Move(Sample.Approved(moved), from: 1, EntryType.ReviewDecided));

        await AssertConflictAsync(ConflictReason.VersionMoved, StopOf("bot", "{}", still, moved));

        Assert.Null(await Store.FindStopAsync(s_bot, Cancel));
        Assert.Equal(ActionState.Pending, (await FindAsync(still)).Row.State);
        Assert.Equal(3, (await ReadCheckpointAsync())!.Size);
    }

    [Fact]
    public async Task A_stop_is_lifted_by_its_entry_and_only_once()
    {
        var entry = (await CommitAsync(StopOf("bot"))).Indexes[0];
        var lift = Sample.Note() with { Lift = new StopReference(s_bot, entry) };

        await AssertConflictAsync(
            ConflictReason.NotStopped, lift with { Lift = new StopReference(s_bot, entry + 1) });
        await CommitAsync(lift);
        await AssertConflictAsync(ConflictReason.NotStopped, lift);

        Assert.Null(await Store.FindStopAsync(s_bot, Cancel));
        await CommitAsync(Sample.Note() with { OnlyIfActive = s_bot });
        await CommitAsync(StopOf("bot"));
        await AssertConflictAsync(ConflictReason.NotStopped, lift);
    }

    [Fact]
    public async Task What_an_agent_has_open_is_what_is_pending_approved_or_executing()
    {
        var rows = Enumerable.Range(0, 5).Select(_ => Sample.Pending()).ToList();
        await CommitAsync(Sample.Insert(rows[0]));
        await CommitAsync(Sample.Insert(Sample.Approved(rows[1])));
        await CommitAsync(Sample.Insert(Sample.Executing(rows[2])));
        await CommitAsync(Sample.Insert(Sample.Ended(rows[3], ActionState.Refused)));
        await CommitAsync(Sample.Insert(Sample.Pending(agent: "other")));

        Assert.Equal(
            rows.Take(3).Select(row => row.Id.Value).Order(StringComparer.Ordinal),
            (await Store.FindOpenAsync(s_bot, 10, Cancel)).Select(id => id.Value).Order(StringComparer.Ordinal));
        Assert.Single(await Store.FindOpenAsync(s_bot, 1, Cancel));
    }

    private static Change StopOf(string agent, string payload = "{}", params ReadOnlySpan<ActionRow> withdrawn)
    {
        var writes = ImmutableArray.CreateBuilder<ActionWrite>();
        foreach (var row in withdrawn)
        {
            writes.Add(new ActionWrite(Sample.Ended(row, ActionState.Withdrawn) with { Grant = null }, 1));
        }

        return new Change
        {
            Stop = new AgentId(agent),
            Withdrawn = writes.ToImmutable(),
            Entries = [Sample.Entry(EntryType.AgentStopped, row: null, payload)],
        };
    }
}
