using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    [Fact]
    public async Task A_row_comes_back_as_it_was_written()
    {
        var row = Sample.Executing(Sample.Pending(idempotencyKey: "key"), usesLeft: 2) with
        {
            Revision = 2,
            NextDeadline = Time.GetUtcNow() + TimeSpan.FromTicks(1234567),
            Tracks =
            [
                new TrackRow(2, Escalated: true, Time.GetUtcNow()) { EscalatedStages = 0b10 },
                new TrackRow(0, Escalated: false, Time.GetUtcNow()),
            ],
            LastOutcome = OutcomeState.Failed,
            Delivered = true,
            DeniedUntil = Time.GetUtcNow() + TimeSpan.FromMinutes(3),
            Detached = true,
        };
        await CommitAsync(Sample.Insert(row));
        await ReopenAsync();

        var found = (await FindAsync(row)).Row;
        Assert.Equal(row.Tracks, found.Tracks);
        Assert.Equal(row, found with { Tracks = row.Tracks });
    }

    [Fact]
    public async Task A_claimed_permit_is_due_at_its_deadline_and_nobodys_orphan()
    {
        var permit = Sample.Executing(Sample.Pending(), owner: "node-that-is-gone") with
        {
            NextDeadline = Time.GetUtcNow() + TimeSpan.FromHours(1),
        };
        await CommitAsync(Sample.Insert(permit));

        Assert.Empty(await Store.FindOrphansAsync(new NodeId("me"), 10, Cancel));
        Assert.Empty(await Store.FindDueAsync(10, Cancel));
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([permit.Id], await Store.FindDueAsync(10, Cancel));
        Assert.Empty(await Store.FindOrphansAsync(new NodeId("me"), 10, Cancel));
    }

    [Fact]
    public async Task The_store_counts_versions_itself()
    {
        var row = Sample.Pending() with { Version = 99 };
        await CommitAsync(Sample.Insert(row));
        Assert.Equal(1, (await FindAsync(row)).Row.Version);
        await CommitAsync(Sample.Move(row, from: 1, EntryType.ReviewOpened));
        Assert.Equal(2, (await FindAsync(row)).Row.Version);
    }

    [Fact]
    public async Task A_grant_that_is_gone_is_gone()
    {
        var row = Sample.Approved(Sample.Pending());
        await CommitAsync(Sample.Insert(row));
        await CommitAsync(Sample.Move(row with { Grant = null }, from: 1, EntryType.ActionWithdrawn));
        Assert.Null((await FindAsync(row)).Row.Grant);
    }

    [Fact]
    public async Task An_unknown_action_is_not_found() =>
        Assert.Null(await Store.FindAsync(Sample.Pending().Id, Cancel));

    [Fact]
    public async Task An_action_comes_with_its_request_votes_outcome_and_ending()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row, "asked"));
        await CommitAsync(VoteOn(row, from: 1, "alice", "looks right"));
        await CommitAsync(Sample.Move(Sample.Approved(row), from: 2, EntryType.ReviewDecided, "approved"));
        await CommitAsync(Sample.Move(Sample.Executing(row), from: 3, EntryType.ExecutionIntent, "intent"));
        var done = Sample.Ended(row, ActionState.Succeeded) with { LastOutcome = OutcomeState.Succeeded };
        var ended = await CommitAsync(Sample.Move(done, from: 4, EntryType.ExecutionOutcome, "3 rows"));
        await CommitAsync(Sample.Note());

        var found = await FindAsync(row);
        Assert.Equal("asked", Sample.Text(found.Request));
        Assert.Equal("3 rows", Sample.Text(found.Outcome));
        Assert.Equal("approved", Sample.Text(found.Ending));
        var vote = Assert.Single(found.Votes);
        Assert.Equal(Sample.Vote(row, "alice"), vote.Row);
        Assert.Equal("looks right", Sample.Text(vote.Payload));
        Assert.Equal((4, 6), (found.Ledger.Index, found.Ledger.Size));
        // The ledger keeps whole milliseconds.
        Assert.Equal(ended.At.ToUnixTimeMilliseconds(), found.Ledger.At.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task The_latest_intent_comes_with_an_action_as_long_as_it_is_executing()
    {
        var row = Sample.Approved(Sample.Pending(), uses: 2);
        await CommitAsync(Sample.Insert(row));
        Assert.Null((await FindAsync(row)).Intent);

        var executing = Sample.Executing(row, usesLeft: 1);
        await CommitAsync(Sample.Move(executing, from: 1, EntryType.ExecutionIntent, "intent"));
        Assert.Equal("intent", Sample.Text((await FindAsync(row)).Intent));
        await CommitAsync(Sample.Move(executing, from: 2, EntryType.ExecutionIntent, "evidence"));
        Assert.Equal("evidence", Sample.Text((await FindAsync(row)).Intent));
        await ReopenAsync();
        Assert.Equal("evidence", Sample.Text((await FindAsync(row)).Intent));

        var again = row with { Fence = 1, LastOutcome = OutcomeState.Succeeded };
        await CommitAsync(Sample.Move(again, from: 3, EntryType.ExecutionOutcome, "3 rows"));
        Assert.Null((await FindAsync(row)).Intent);
    }

    [Fact]
    public async Task A_modification_replaces_the_request_and_is_kept_among_the_votes()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row, "asked"));
        var modified = row with { Revision = 2 };
        await CommitAsync(Sample.Move(modified, from: 1, EntryType.ReviewModified, "narrower") with
        {
            Votes = [Sample.Vote(modified, "carol", VoteKind.Modify)],
        });

        var found = await FindAsync(row);
        Assert.Equal("narrower", Sample.Text(found.Request));
        Assert.Equal(VoteKind.Modify, Assert.Single(found.Votes).Row.Kind);
        Assert.Equal("narrower", Sample.Text(found.Votes[0].Payload));
        Assert.Null(found.Outcome);
        Assert.Null(found.Ending);
    }

    [Fact]
    public async Task Votes_keep_their_order_and_their_persons_over_a_restart()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row));
        await CommitAsync(VoteOn(row, from: 1, "alice", "first"));
        await ReopenAsync();
        await CommitAsync(VoteOn(row, from: 2, "bob", "second"));
        await CommitAsync(VoteOn(row, from: 3, "alice", "third"));

        var votes = (await FindAsync(row)).Votes;
        Assert.Equal(["alice", "bob", "alice"], votes.Select(vote => vote.Row.Person.Value));
        Assert.Equal(["first", "second", "third"], votes.Select(vote => Sample.Text(vote.Payload)));
    }

    [Fact]
    public async Task Attachable_are_open_executing_unheard_and_freshly_denied_actions_newest_first()
    {
        var expected = new List<ActionRow>();
        expected.Add(await InsertAsync(row => Sample.Ended(row, ActionState.Succeeded, delivered: false)));
        await InsertAsync(row => Sample.Ended(row, ActionState.Succeeded));
        await InsertAsync(row => Sample.Ended(row, ActionState.Denied) with { DeniedUntil = Time.GetUtcNow() });
        var remembered = Time.GetUtcNow() + TimeSpan.FromMinutes(10);
        expected.Add(await InsertAsync(row => Sample.Ended(row, ActionState.Denied) with { DeniedUntil = remembered }));
        await InsertAsync(row => Sample.Ended(row, ActionState.Superseded));
        expected.Add(await InsertAsync(row => Sample.Executing(row)));
        expected.Add(await InsertAsync(row => row));
        await CommitAsync(Sample.Insert(Sample.Pending("another")));

        var found = await Store.FindAttachableAsync(expected[0].Key, _ => true, Cancel);
        Assert.Equal(expected.Select(row => row.Id).Reverse(), found.Select(action => action.Row.Id));
        var seen = new List<AttachableAction>();
        found = await Store.FindAttachableAsync(expected[0].Key, IsExecuting, Cancel);
        Assert.Equal([expected[2].Id], found.Select(action => action.Row.Id));
        Assert.Equal(
            expected.Select(row => new AttachableAction(row.Id, row.State, row.Execution?.StartedAt)),
            seen.OrderBy(each => each.Id.Value, StringComparer.Ordinal));
        Assert.NotNull(expected[2].Execution);

        Time.Advance(TimeSpan.FromMinutes(10));
        found = await Store.FindAttachableAsync(expected[0].Key, _ => true, Cancel);
        Assert.DoesNotContain(expected[1].Id, found.Select(action => action.Row.Id));

        bool IsExecuting(AttachableAction action)
        {
            seen.Add(action);
            return action.State == ActionState.Executing;
        }

        async Task<ActionRow> InsertAsync(Func<ActionRow, ActionRow> shape)
        {
            Time.Advance(TimeSpan.FromMilliseconds(1));
            var row = shape(Sample.Pending("same"));
            await CommitAsync(Sample.Insert(row));
            return row;
        }
    }

    [Fact]
    public async Task Load_counts_open_reviews_and_those_opened_since()
    {
        await CommitAsync(Sample.Insert(Sample.Pending()));
        Time.Advance(TimeSpan.FromMinutes(1));
        var since = Store.Now;
        await CommitAsync(Sample.Insert(Sample.Pending()));
        await CommitAsync(Sample.Insert(Sample.Ended(Sample.Pending(), ActionState.Denied)));
        await CommitAsync(Sample.Insert(Sample.Approved(Sample.Pending()) with { Tracks = [] }));
        await CommitAsync(Sample.Insert(Sample.Pending(agent: "other")));

        Assert.Equal(
            new AgentLoad(Pending: 2, OpenedSince: 2),
            await Store.LoadOfAsync(new AgentId("bot"), since, Cancel));
        Assert.Equal(new AgentLoad(0, 0), await Store.LoadOfAsync(new AgentId("nobody"), since, Cancel));
    }

    [Fact]
    public async Task Due_are_the_actions_whose_deadline_has_come_oldest_first()
    {
        var late = await InsertDueAsync(TimeSpan.FromMinutes(2));
        var early = await InsertDueAsync(TimeSpan.FromMinutes(1));
        await InsertDueAsync(TimeSpan.FromMinutes(3));
        await CommitAsync(Sample.Insert(Sample.Pending() with { NextDeadline = null }));

        Time.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromMilliseconds(1));
        Assert.Equal([early.Id], await Store.FindDueAsync(10, Cancel));
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([early.Id, late.Id], await Store.FindDueAsync(10, Cancel));
        Assert.Equal([early.Id], await Store.FindDueAsync(1, Cancel));

        async Task<ActionRow> InsertDueAsync(TimeSpan within)
        {
            var row = Sample.Pending() with { NextDeadline = Time.GetUtcNow() + within };
            await CommitAsync(Sample.Insert(row));
            return row;
        }
    }

    [Fact]
    public async Task Untaken_are_approved_detached_actions_that_never_ran()
    {
        var untaken = Sample.Approved(Sample.Pending()) with { Detached = true };
        await CommitAsync(Sample.Insert(untaken));
        await CommitAsync(Sample.Insert(Sample.Approved(Sample.Pending())));
        await CommitAsync(Sample.Insert(Sample.Pending() with { Detached = true }));
        var withUsesLeft = Sample.Approved(Sample.Pending()) with { Detached = true };
        await CommitAsync(Sample.Insert(withUsesLeft with { LastOutcome = OutcomeState.Succeeded }));
        Assert.Equal([untaken.Id], await Store.FindUntakenAsync(10, Cancel));

        await CommitAsync(Sample.Move(Sample.Executing(untaken), from: 1, EntryType.ExecutionIntent));
        Assert.Empty(await Store.FindUntakenAsync(10, Cancel));
    }

    [Fact]
    public async Task Definitions_are_replaced_and_come_back_as_they_were()
    {
        var target = new TargetName("ops");
        Assert.Null(await Store.FindDefinitionAsync(target, "restart", Cancel));
        var first = new DefinitionRow(target, "restart", "f1", "one"u8.ToArray());
        var second = new DefinitionRow(target, "restart", "f2", "two"u8.ToArray());
        await CommitAsync(Sample.Note() with { Definitions = [first] });
        await CommitAsync(Sample.Note() with { Definitions = [second] });

        var found = await Store.FindDefinitionAsync(target, "restart", Cancel);
        Assert.Equal("f2", found!.Fingerprint);
        Assert.Equal("two", Sample.Text(found.Definition));
        Assert.Null(await Store.FindDefinitionAsync(target, "reboot", Cancel));
    }

    [Fact]
    public async Task Lists_are_newest_first_filtered_and_without_results()
    {
        var rows = new List<ActionRow>();
        for (var i = 0; i < 6; i++)
        {
            var row = Sample.Pending(agent: i % 2 == 0 ? "even" : "odd");
            rows.Add(i < 3 ? row : Sample.Ended(row, ActionState.Succeeded));
            await CommitAsync(Sample.Insert(rows[i], $"request {i}") with
            {
                Entries = [Sample.Entry(EntryType.ActionRequested, row, $"request {i}"),
                    Sample.Entry(EntryType.ExecutionOutcome, row, "result")],
            });
        }

        await AssertListAsync(new ActionFilter(), 5, 4, 3, 2, 1, 0);
        await AssertListAsync(new ActionFilter { Limit = 2 }, 5, 4);
        await AssertListAsync(new ActionFilter { Before = rows[4].Id, Limit = 2 }, 3, 2);
        await AssertListAsync(new ActionFilter { State = ActionState.Pending }, 2, 1, 0);
        await AssertListAsync(new ActionFilter { Agent = new AgentId("odd"), State = ActionState.Succeeded }, 5, 3);
        await AssertListAsync(new ActionFilter { Target = new TargetName("elsewhere") });

        async Task AssertListAsync(ActionFilter filter, params int[] expected)
        {
            var found = await Archive.ListAsync(filter, Cancel);
            Assert.Equal(expected.Select(i => rows[i].Id), found.Select(action => action.Row.Id));
            Assert.Equal(expected.Select(i => $"request {i}"), found.Select(action => Sample.Text(action.Request)));
            Assert.All(found, action => Assert.Null(action.Outcome));
        }
    }

    [Fact]
    public async Task A_list_by_deadline_begins_with_the_next_one_and_goes_on_behind_a_place()
    {
        var now = Time.GetUtcNow();
        int[] minutes = [30, 10, 20, 10];
        var rows = new List<ActionRow>();
        foreach (var within in minutes)
        {
            rows.Add(Sample.Pending() with { NextDeadline = now + TimeSpan.FromMinutes(within) });
            await CommitAsync(Sample.Insert(rows[^1]));
        }

        await CommitAsync(Sample.Insert(Sample.Pending() with { NextDeadline = null }));
        await CommitAsync(Sample.Insert(Sample.Approved(Sample.Pending()) with { NextDeadline = now }));
        var pending = new ActionFilter { State = ActionState.Pending, ByDeadline = true };

        await AssertListAsync(pending, 1, 3, 2, 0);
        await AssertListAsync(pending with { Limit = 1 }, 1);
        await AssertListAsync(pending with { After = DeadlinePlace.Of(rows[1]) }, 3, 2, 0);
        await AssertListAsync(pending with { After = DeadlinePlace.Of(rows[3]), Limit = 1 }, 2);
        await AssertListAsync(pending with { After = DeadlinePlace.Of(rows[0]) });
        await AssertListAsync(pending with { Agent = new AgentId("nobody") });

        async Task AssertListAsync(ActionFilter filter, params int[] expected) => Assert.Equal(
            expected.Select(i => rows[i].Id),
            (await Archive.ListAsync(filter, Cancel)).Select(action => action.Row.Id));
    }

    private static Change VoteOn(ActionRow row, long from, string person, string comment) =>
        Sample.Move(row, from, EntryType.ReviewVote, comment) with { Votes = [Sample.Vote(row, person)] };
}
