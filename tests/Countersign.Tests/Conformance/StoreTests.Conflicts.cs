using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    [Fact]
    public async Task A_write_of_an_old_version_is_refused_and_writes_nothing()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row));
        await CommitAsync(Sample.Move(Sample.Approved(row), from: 1, EntryType.ReviewDecided));

        await AssertConflictAsync(
            ConflictReason.VersionMoved,
            Sample.Move(Sample.Ended(row, ActionState.Withdrawn), from: 1, EntryType.ActionWithdrawn)
                with { Outbox = [new OutboxDraft("slack", row.Id, 1, "withdrawn")] });

        Assert.Equal(ActionState.Approved, (await FindAsync(row)).Row.State);
        Assert.Equal(2, (await ReadCheckpointAsync())!.Size);
        Assert.Empty(await Store.TakeOutboxAsync("slack", 10, Cancel));
    }

    [Fact]
    public async Task A_write_of_an_action_that_does_not_exist_is_refused() => await AssertConflictAsync(
        ConflictReason.VersionMoved, Sample.Move(Sample.Pending(), from: 3, EntryType.ReviewVote));

    [Fact]
    public async Task An_id_is_inserted_once()
    {
        var row = Sample.Ended(Sample.Pending(), ActionState.Refused);
        await CommitAsync(Sample.Insert(row));
        await AssertConflictAsync(ConflictReason.VersionMoved, Sample.Insert(row));
    }

    [Fact]
    [Trait("Threat", "THR-025"), Trait("CWE", "362")]
    public async Task Of_many_writes_of_one_version_exactly_one_wins()
    {
        var row = Sample.Pending();
        await CommitAsync(Sample.Insert(row));

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Store.CommitAsync(
            Sample.Move(Sample.Executing(row, owner: $"node-{i}"), from: 1, EntryType.ExecutionIntent), Cancel)));

        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.All(
            results.OfType<CommitResult.Conflict>(),
            lost => Assert.Equal(ConflictReason.VersionMoved, lost.Reason));
        Assert.Equal(2, (await FindAsync(row)).Row.Version);
        Assert.Equal(2, (await ReadCheckpointAsync())!.Size);
    }

    [Fact]
    public async Task Of_a_thousand_identical_requests_one_is_opened()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ =>
            Store.CommitAsync(Sample.Insert(Sample.Pending("same")), Cancel)));

        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.All(
            results.OfType<CommitResult.Conflict>(),
            lost => Assert.Equal(ConflictReason.AlreadyOpen, lost.Reason));
        Assert.Single(await Archive.ListAsync(new ActionFilter(), Cancel));
    }

    [Theory]
    [InlineData(ActionState.Withdrawn)]
    [InlineData(ActionState.Denied)]
    [InlineData(ActionState.Expired)]
    public async Task A_key_is_free_again_when_its_action_ends(ActionState end)
    {
        var first = Sample.Pending("same");
        await CommitAsync(Sample.Insert(first));
        await AssertConflictAsync(ConflictReason.AlreadyOpen, Sample.Insert(Sample.Pending("same")));
        await CommitAsync(Sample.Move(Sample.Approved(first), from: 1, EntryType.ReviewDecided));
        await AssertConflictAsync(ConflictReason.AlreadyOpen, Sample.Insert(Sample.Pending("same")));

        await CommitAsync(Sample.Move(Sample.Ended(first, end), from: 2, EntryType.ActionWithdrawn));
        await CommitAsync(Sample.Insert(Sample.Pending("same")));
    }

    [Fact]
    public async Task An_execution_with_uses_left_keeps_its_key()
    {
        var row = Sample.Approved(Sample.Pending("same"), uses: 2);
        await CommitAsync(Sample.Insert(row));
        await CommitAsync(Sample.Move(Sample.Executing(row, usesLeft: 1), from: 1, EntryType.ExecutionIntent));

        await AssertConflictAsync(ConflictReason.AlreadyOpen, Sample.Insert(Sample.Pending("same")));
        await CommitAsync(Sample.Move(Sample.Approved(row), from: 2, EntryType.ExecutionOutcome));
    }

    [Fact]
    public async Task An_execution_of_the_last_use_frees_its_key()
    {
        var row = Sample.Approved(Sample.Pending("same"));
        await CommitAsync(Sample.Insert(row));
        await CommitAsync(Sample.Move(Sample.Executing(row), from: 1, EntryType.ExecutionIntent));
        await CommitAsync(Sample.Insert(Sample.Pending("same")));
    }

    [Fact]
    public async Task An_action_does_not_reopen_beside_another_one()
    {
        var first = Sample.Ended(Sample.Pending("same"), ActionState.Expired);
        await CommitAsync(Sample.Insert(first));
        await CommitAsync(Sample.Insert(Sample.Pending("same")));
        await AssertConflictAsync(
            ConflictReason.AlreadyOpen, Sample.Move(Sample.Approved(first), from: 1, EntryType.ReviewDecided));
    }

    [Fact]
    public async Task An_idempotency_key_is_used_once()
    {
        var first = Sample.Pending("one", idempotencyKey: "key");
        await CommitAsync(Sample.Insert(first, "the first request"));

        await AssertConflictAsync(
            ConflictReason.IdempotencyKeyUsed, Sample.Insert(Sample.Pending("two", idempotencyKey: "key")));
        await CommitAsync(Sample.Insert(Sample.Pending("two", agent: "other", idempotencyKey: "key")));

        var found = await Store.FindByIdempotencyAsync(first.IdempotencyHash!, Cancel);
        Assert.Equal(first.Id, found!.Row.Id);
        Assert.Equal("the first request", Sample.Text(found.Request));
        Assert.Null(await Store.FindByIdempotencyAsync("unknown", Cancel));
    }

    [Fact]
    public async Task A_conflict_is_nobody_elses()
    {
        var taken = Sample.Pending("taken");
        await CommitAsync(Sample.Insert(taken));

        var commits = Enumerable.Range(0, 300).Select(i => Store.CommitAsync(
            Sample.Insert(i % 3 == 0 ? Sample.Pending("taken") : Sample.Pending()), Cancel));
        var results = await Task.WhenAll(commits);

        Assert.Equal(100, results.OfType<CommitResult.Conflict>().Count());
        Assert.Equal(200, results.OfType<CommitResult.Committed>().Count());
        Assert.Equal(201, (await ReadCheckpointAsync())!.Size);
    }

    [Fact]
    public async Task A_change_that_breaks_a_rule_fails_alone()
    {
        var stranger = Sample.Pending();
        var broken = Sample.Note() with { Outbox = [new OutboxDraft("slack", stranger.Id, 1, "card")] };

        var commits = Enumerable.Range(0, 90)
            .Select(i => Store.CommitAsync(i % 30 == 0 ? broken : Sample.Note(), Cancel));
        var tasks = commits.ToList();
        await Task.WhenAll(tasks).ContinueWith(_ => { }, Cancel, TaskContinuationOptions.None, TaskScheduler.Default);

        Assert.Equal(87, tasks.Count(task => task.IsCompletedSuccessfully));
        Assert.All(
            tasks.Where(task => task.IsFaulted),
            task => Assert.IsType<InvalidOperationException>(task.Exception!.InnerException));
        Assert.Equal(87, (await ReadCheckpointAsync())!.Size);
    }

    [Fact]
    public async Task A_commit_is_in_time_before_its_limit_and_too_late_at_it()
    {
        var limit = Store.Now + TimeSpan.FromSeconds(1);
        await CommitAsync(Sample.Note() with { NotAfter = limit });
        Time.Advance(TimeSpan.FromMilliseconds(999));
        await CommitAsync(Sample.Note() with { NotAfter = limit });
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await AssertConflictAsync(ConflictReason.TooLate, Sample.Note() with { NotAfter = limit });
    }

    [Fact]
    public async Task A_commit_under_another_policy_than_the_one_in_force_is_stale()
    {
        Assert.Null(await Store.FindPolicyAsync(Cancel));
        await AssertConflictAsync(ConflictReason.StalePolicy, Sample.Note() with { OnlyUnderPolicy = Sample.Policy });

        await CommitAsync(Sample.Note() with { NewPolicy = Sample.Policy });
        await CommitAsync(Sample.Note() with { OnlyUnderPolicy = Sample.Policy });
        Assert.Equal(new PolicyInForce(Sample.Policy, 1, Entry: null), await Store.FindPolicyAsync(Cancel));

        await CommitAsync(Sample.Note() with { OnlyUnderPolicy = Sample.Policy, NewPolicy = Sample.OtherPolicy });
        await AssertConflictAsync(ConflictReason.StalePolicy, Sample.Note() with { OnlyUnderPolicy = Sample.Policy });
        Assert.Equal(new PolicyInForce(Sample.OtherPolicy, 2, Entry: null), await Store.FindPolicyAsync(Cancel));

        await ReopenAsync();
        await CommitAsync(Sample.Note() with { OnlyUnderPolicy = Sample.OtherPolicy });
    }

    [Fact]
    public async Task The_policy_in_force_names_the_entry_that_holds_its_files()
    {
        var files = new EntryDraft(EntryType.PolicyChanged, Action: null, Revision: 0, "{}"u8.ToArray());
        await CommitAsync(Sample.Note() with { NewPolicy = Sample.Policy, Entries = [files] });

        await ReopenAsync();

        var inForce = await Store.FindPolicyAsync(Cancel);
        var payload = await Archive.ReadPayloadAsync(inForce!.Entry!.Value, Cancel);
        Assert.Equal("{}"u8.ToArray(), payload!.Value.ToArray());
    }

    [Fact]
    public async Task Of_many_successors_of_one_policy_exactly_one_comes_into_force()
    {
        await CommitAsync(Sample.Note() with { NewPolicy = Sample.Policy });
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Store.CommitAsync(
            Sample.Note() with { OnlyUnderPolicy = Sample.Policy, NewPolicy = Sample.OtherPolicy }, Cancel)));
        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.Equal(2, (await Store.FindPolicyAsync(Cancel))!.Epoch);
    }

    [Fact]
    public async Task Conditions_are_checked_policy_first_then_time_then_the_row()
    {
        var moved = Sample.Move(Sample.Pending(), from: 7, EntryType.ReviewVote);
        var late = moved with { NotAfter = Store.Now };
        await AssertConflictAsync(ConflictReason.VersionMoved, moved);
        await AssertConflictAsync(ConflictReason.TooLate, late);
        await AssertConflictAsync(ConflictReason.StalePolicy, late with { OnlyUnderPolicy = Sample.Policy });
    }
}
