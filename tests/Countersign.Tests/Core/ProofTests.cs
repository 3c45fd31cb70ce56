using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Tests.Core;

/// <summary>What an execution leaves before its effect, and what its target says of it when its node is gone.</summary>
public sealed class ProofTests : CoreTests
{
    private static readonly Evidence Transaction = new("postgresql-transaction", "7301:4711");

    private readonly List<ActionId> _proven = [];

    private int _lost;
    private Func<Task<Proof>> _says = static () => Task.FromResult(Proof.Unknown);

    [Fact]
    public async Task Evidence_is_durable_before_the_execution_goes_on()
    {
        (IReadOnlyList<EntryType> Entries, Evidence? Evidence) seen = ([], null);
        Host.Target.Answer = async (action, cancellationToken) =>
        {
            Assert.True(await Host.Gatekeeper.NoteEvidenceAsync(action, Transaction, cancellationToken));
            seen = (await Host.EntriesOfAsync(action.Id), (await Host.ReadAsync(action)).Evidence);
            return PlayedTarget.Done;
        };

        var ended = await Host.RecordOfAsync(CoreHost.Ask("read"));

        Assert.Equal([EntryType.ActionRequested, EntryType.ExecutionIntent, EntryType.ExecutionIntent], seen.Entries);
        Assert.Equal(Transaction, seen.Evidence);
        Assert.Equal((ActionState.Succeeded, null), (ended.State, ended.Evidence));
    }

    [Fact]
    public async Task Without_the_store_nobody_is_told_that_evidence_is_durable()
    {
        Host.Target.Answer = async (action, cancellationToken) =>
        {
            Host.Store.FailOn(EntryType.ExecutionIntent);
            await Host.Gatekeeper.NoteEvidenceAsync(action, Transaction, cancellationToken);
            return PlayedTarget.Done;
        };

        Assert.Equal(ActionState.Unknown, (await Host.RecordOfAsync(CoreHost.Ask("read"))).State);
    }

    [Fact]
    public async Task An_execution_that_somebody_ended_leaves_no_evidence_any_more()
    {
        bool? noted = null;
        var asked = new TaskCompletionSource<ActionRecord>(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource();
        Host.Target.Answer = async (action, cancellationToken) =>
        {
            asked.SetResult(action);
            await goOn.Task;
            noted = await Host.Gatekeeper.NoteEvidenceAsync(action, Transaction, cancellationToken);
            return PlayedTarget.Done;
        };
        await using var call = Host.Call(CoreHost.Ask("read"));
        var executing = await asked.Task.WaitAsync(Host.Cancel);

        LoseNode();
        await Host.SweepAsync();
        goOn.SetResult();
        await call.EndedAsync();

        Assert.False(noted);
        Assert.Equal(ActionState.Unknown, (await Host.ReadAsync(executing)).State);
    }

    [Fact]
    public async Task What_is_recorded_with_its_outcome_has_no_intent_to_add_to()
    {
        Host.Target.Answer = async (action, cancellationToken) =>
        {
            await Host.Gatekeeper.NoteEvidenceAsync(action, Transaction, cancellationToken);
            return PlayedTarget.Done;
        };

        var ended = await Host.RecordOfAsync(CoreHost.Ask("peek"));

        Assert.Contains("has no intent", ended.Outcome!.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Proof.TookEffect, ActionState.Succeeded, "what it answered is lost")]
    [InlineData(Proof.TookNoEffect, ActionState.Failed, "took no effect")]
    [InlineData(Proof.Unknown, ActionState.Unknown, "may or may not have taken effect")]
    public async Task An_orphan_ends_as_its_target_says(Proof proof, ActionState state, string text)
    {
        var orphan = await OrphanAsync();
        _says = () => Task.FromResult(proof);

        await Host.SweepAsync();
        await Host.SweepAsync();

        var ended = await Host.ReadAsync(orphan);
        Assert.Equal(state, ended.State);
        Assert.Contains(text, ended.Outcome!.Error, StringComparison.Ordinal);
        Assert.Null(ended.Outcome.Result);
        Assert.Equal([orphan.Id], _proven);
        Assert.Equal([orphan.Id], Host.Target.Sent);
    }

    [Fact]
    public async Task What_a_target_never_saw_took_no_effect_once_nothing_can_be_on_its_way()
    {
        var orphan = await OrphanAsync();
        _says = () => Task.FromResult(Proof.NotSeen);

        await Host.SweepAsync();
        Assert.Equal(ActionState.Executing, (await Host.ReadAsync(orphan)).State);
        Host.Time.Advance(new ExecutionOptions(_ => null).Settling);
        await Host.SweepAsync();

        var ended = await Host.ReadAsync(orphan);
        Assert.Equal(ActionState.Failed, ended.State);
        Assert.Contains("took no effect", ended.Outcome!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_orphan_without_evidence_is_unknown_and_nobody_is_asked()
    {
        var orphan = await OrphanAsync(leavesEvidence: false);
        _says = () => Task.FromResult(Proof.TookEffect);

        await Host.SweepAsync();

        Assert.Equal(ActionState.Unknown, (await Host.ReadAsync(orphan)).State);
        Assert.Empty(_proven);
    }

    [Fact]
    public async Task An_orphan_whose_effect_is_undecided_is_asked_for_again_but_not_for_ever()
    {
        var orphan = await OrphanAsync();
        _says = () => Task.FromResult(Proof.Undecided);

        await Host.SweepAsync();
        await Host.SweepAsync();
        Assert.Equal(ActionState.Executing, (await Host.ReadAsync(orphan)).State);
        Host.Time.Advance(TimeSpan.FromMinutes(15));
        await Host.SweepAsync();

        Assert.Equal(ActionState.Unknown, (await Host.ReadAsync(orphan)).State);
        Assert.Equal(3, _proven.Count);
    }

    [Fact]
    public async Task A_target_that_cannot_be_asked_is_asked_once_a_sweep_until_it_can()
    {
        var (first, second) = (await OrphanAsync(), await OrphanAsync(arguments: """{"n":2}"""));
        _says = static () => throw new IOException("The database is starting up.");

        await Host.SweepAsync();
        Assert.Single(_proven);
        Assert.Equal(ActionState.Executing, (await Host.ReadAsync(first)).State);
        _says = static () => Task.FromResult(Proof.TookEffect);
        await Host.SweepAsync();

        Assert.Equal(ActionState.Succeeded, (await Host.ReadAsync(first)).State);
        Assert.Equal(ActionState.Succeeded, (await Host.ReadAsync(second)).State);
    }

    [Fact]
    public async Task Evidence_of_one_use_is_none_of_the_next_one()
    {
        await Host.PutInForceAsync(Demand.OneDbaForTwoUses);
        var held = await Host.RecordOfAsync(CoreHost.Ask());
        await Host.VoteAsync(held, CoreHost.Alice);
        Host.Target.Answer = async (action, cancellationToken) =>
        {
            await Host.Gatekeeper.NoteEvidenceAsync(action, Transaction, cancellationToken);
            return PlayedTarget.Done;
        };
        await Host.DeliverAsync(await Host.RecordOfAsync(CoreHost.Ask()));

        var orphan = await OrphanAsync(leavesEvidence: false, operation: "write");
        Assert.Equal((held.Id, null), (orphan.Id, (await Host.ReadAsync(orphan)).Evidence));
        await Host.SweepAsync();

        Assert.Equal(ActionState.Unknown, (await Host.ReadAsync(held)).State);
        Assert.Empty(_proven);
    }

    /// <summary>An action that was being executed when its node went away.</summary>
    private async Task<ActionRecord> OrphanAsync(
        bool leavesEvidence = true, string operation = "read", string arguments = """{"n":1}""")
    {
        var reached = new TaskCompletionSource<ActionRecord>(TaskCreationOptions.RunContinuationsAsynchronously);
        Host.Target.Answer = async (action, cancellationToken) =>
        {
            if (leavesEvidence)
            {
                await Host.Gatekeeper.NoteEvidenceAsync(action, Transaction, cancellationToken);
            }

            reached.SetResult(action);
            return await new TaskCompletionSource<Outcome>().Task;
        };
        await using (Host.Call(CoreHost.Ask(operation, arguments)))
        {
            var orphan = await reached.Task.WaitAsync(Host.Cancel);
            LoseNode();
            return orphan;
        }
    }

    private void LoseNode() => Host.Reopen(options => options with
    {
        Self = new NodeId($"node-after-{++_lost}"),
        Execution = options.Execution with { FindProver = _ => ProveAsync },
    });

    private Task<Proof> ProveAsync(ActionRecord orphan, Evidence evidence, CancellationToken cancellationToken)
    {
        Assert.Equal(Transaction, evidence);
        _proven.Add(orphan.Id);
        return _says();
    }
}
