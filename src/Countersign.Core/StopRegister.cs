using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Core.Tracing;

namespace Countersign.Core;

/// <summary>
/// The stops in force. One commit, with one entry, stops an agent and withdraws what it has open; from that commit on
/// no claim of the agent can become durable. What slips past it (a review opened a moment before, an execution that
/// leaves uses of its grant) is withdrawn right after and by every sweep.
/// </summary>
internal sealed class StopRegister(IStore store, Registrar registrar)
{
    /// <summary>The operation that people approve to lift a stop.</summary>
    public const string Operation = "agent.resume";

    /// <summary>How many actions one commit withdraws; the sweep takes the rest.</summary>
    private const int MaxWithdrawn = 1000;

    /// <summary>
    /// How often the stop waits for actions that move while it is made; then it goes first and they follow.
    /// </summary>
    private const int MaxPatientRounds = 4;

    private const int MaxRounds = 8;

    public StoppedAgents Stopped { get; } = new();

    public static bool IsResume(ActionRecord action) =>
        action.Asker.Agent == DefinitionRegister.Gateway && action.Action.Operation == Operation;

    public Task<AgentStop?> FindAsync(AgentId agent, CancellationToken cancellationToken) =>
        store.FindStopAsync(agent, cancellationToken);

    /// <summary>Stops an agent; several stops of one agent are one.</summary>
    public async Task<StopDone> StopAsync(
        AgentId agent, PersonId by, string? comment, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            if (await store.FindStopAsync(agent, cancellationToken) is { } known)
            {
                Stopped.Add(agent);
                var executing = await WithdrawLeftAsync(agent, cancellationToken);
                return new StopDone(known, IsNew: false, Withdrawn: 0, executing);
            }

            var endings = round < MaxPatientRounds
                ? await DescribeEndingsAsync(agent, StopText.Of(agent, by, comment), cancellationToken)
                : [];
            if (await store.CommitAsync(ChangeFor(agent, by, comment, endings), cancellationToken)
                is CommitResult.Committed done)
            {
                Stopped.Add(agent);
                TellOf(endings, done.At);
                var left = await WithdrawLeftAsync(agent, cancellationToken);
                var stop = new AgentStop(agent, done.At, done.Indexes[0], PayloadOf(agent, by, comment, endings));
                return new StopDone(stop, IsNew: true, endings.Length, left);
            }
        }

        throw new StoreUnavailableException(
            $"Agent {agent} could not be stopped: others changed the same {MaxRounds} times. Try again.");
    }

    /// <summary>What stopped agents still have open, on whichever node they were stopped.</summary>
    public async Task<ImmutableArray<ActionId>> FindLeftAsync(CancellationToken cancellationToken)
    {
        var stops = await store.FindStopsAsync(cancellationToken);
        Stopped.Put(stops.Select(stop => stop.Agent));
        var left = ImmutableArray.CreateBuilder<ActionId>();
        foreach (var stop in stops)
        {
            left.AddRange(await store.FindOpenAsync(stop.Agent, MaxWithdrawn, cancellationToken));
        }

        return left.ToImmutable();
    }

    /// <summary>Withdraws one action of a stopped agent; what is being executed cannot be unsent.</summary>
    public Task<Registered> WithdrawAsync(ActionId id, CancellationToken cancellationToken) => registrar.ApplyAsync(
        id, record => Withdrawal($"Agent {record.Asker.Agent} was stopped."), cancellationToken);

    /// <summary>Executes an approved resumption, and leaves everything else to others.</summary>
    public FindExecutor FindExecutorOr(FindExecutor others) =>
        action => IsResume(action) ? ResumeAsync : others(action);

    private async Task<Outcome> ResumeAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        using var arguments = JsonDocument.Parse(action.Action.Arguments.Bytes);
        var agent = new AgentId(arguments.RootElement.GetProperty("agent").GetString()!);
        var stop = arguments.RootElement.GetProperty("stop").GetInt64();
        var persons = action.Life.Votes.Select(vote => vote.Person.Value).Distinct().ToImmutableArray();
        var payload = PayloadWriter.Write(json =>
        {
            json.WriteString("agent", agent.Value);
            json.WriteString("change", "resumed");
            json.WriteNumber("stop", stop);
            PayloadWriter.WriteStrings(json, "persons", persons);
        });
        var committed = await store.CommitAsync(
            new Change
            {
                Lift = new StopReference(agent, stop),
                Entries = [new EntryDraft(EntryType.AgentChanged, action.Id, Revision: 1, payload)],
            },
            cancellationToken);
        if (committed is CommitResult.Conflict)
        {
            return new Outcome(OutcomeState.Failed, null, "This stop is not in force any more.", TimeSpan.Zero);
        }

        Stopped.Remove(agent);
        return new Outcome(OutcomeState.Succeeded, Result: null, Error: null, TimeSpan.Zero);
    }

    private static Happening Withdrawal(string text) => new(new LifeEvent.WithdrawnBy("stop"))
    {
        Payload = (_, _) => PayloadWriter.Ending(text),
        Ending = text,
    };

    private static byte[] PayloadOf(AgentId agent, PersonId by, string? comment, ImmutableArray<Ending> endings) =>
        PayloadWriter.Stop(
            agent,
            by,
            comment,
            StopText.Of(agent, by, comment),
            endings.Select(ending => ending.Change.Action!.Row.Id));

    private static Change ChangeFor(
        AgentId agent, PersonId by, string? comment, ImmutableArray<Ending> endings) => new()
    {
        Stop = agent,
        Withdrawn = [.. endings.Select(ending => ending.Change.Action!)],
        Outbox = [.. endings.SelectMany(ending => ending.Change.Outbox)],
        Entries =
        [
            new EntryDraft(EntryType.AgentStopped, null, Revision: 0, PayloadOf(agent, by, comment, endings)),
        ],
    };

    /// <summary>How every open action of the agent would end; the stop's own entry says it for all of them.</summary>
    private async Task<ImmutableArray<Ending>> DescribeEndingsAsync(
        AgentId agent, string text, CancellationToken cancellationToken)
    {
        var endings = ImmutableArray.CreateBuilder<Ending>();
        foreach (var id in await store.FindOpenAsync(agent, MaxWithdrawn, cancellationToken))
        {
            if (await TryFindAsync(id, cancellationToken) is { } record
                && registrar.Describe(record, Withdrawal(text)) is { } change)
            {
                endings.Add(new Ending(record, change));
            }
        }

        return endings.ToImmutable();
    }

    private static void TellOf(ImmutableArray<Ending> endings, DateTimeOffset at)
    {
        foreach (var (before, _) in endings)
        {
            Spans.EndReview(before, before with { Life = before.Life with { State = ActionState.Withdrawn } }, at);
        }
    }

    /// <summary>An action that cannot be read must not keep its agent from being stopped.</summary>
    private async Task<ActionRecord?> TryFindAsync(ActionId id, CancellationToken cancellationToken)
    {
        try
        {
            return await registrar.FindAsync(id, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Withdraws what is left, and counts what is being executed.</summary>
    private async Task<int> WithdrawLeftAsync(AgentId agent, CancellationToken cancellationToken)
    {
        var executing = 0;
        foreach (var id in await store.FindOpenAsync(agent, MaxWithdrawn, cancellationToken))
        {
            try
            {
                var isUnderWay = await WithdrawAsync(id, cancellationToken)
                    is Registered.Refused { Record.State: ActionState.Executing };
                executing += isUnderWay ? 1 : 0;
            }
            catch (StoreUnavailableException)
            {
                // The agent is stopped all the same, and the sweep tries this one again.
            }
        }

        return executing;
    }

    /// <summary>An action as it was, and the change that ends it.</summary>
    private sealed record Ending(ActionRecord Before, Change Change);
}

/// <summary>A stop that is in force.</summary>
/// <param name="Stop">The stop.</param>
/// <param name="IsNew">Whether this call made it.</param>
/// <param name="Withdrawn">How many reviews and grants ended by it.</param>
/// <param name="Executing">How many actions were being executed: what was sent cannot be unsent.</param>
public sealed record StopDone(AgentStop Stop, bool IsNew, int Withdrawn, int Executing)
{
    /// <summary>The person who stopped the agent, as long as the entry says it.</summary>
    public string? By => StopText.Read(Stop).By;

    public string? Comment => StopText.Read(Stop).Comment;
}
