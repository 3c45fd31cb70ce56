using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Npgsql;

namespace Countersign.Gates.Postgres.Detached;

/// <summary>
/// A reviewer's dry run: the statement runs in a session of its own with the action's rights and bounds, in a
/// transaction that waits for no lock and for nothing long, and that is always rolled back. What a rollback would not
/// undo does not run at all.
/// </summary>
internal sealed class DetachedRehearsal(
    DetachedSessions sessions, Visitor visitor, ActionRecord record, TimeProvider time)
{
    /// <summary>How long all of it may take, the session and every statement of a list.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    /// <exception cref="NoRehearsalException">Nothing ran.</exception>
    public async Task<RehearsalFinding> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var work = new DetachedWork<RehearsalFinding>(
                visitor, $"{record.Id} dry run", new ResultStream(most: 0), RunAsync);
            return await sessions.UseAsync(work, either.Token);
        }
        catch (Exception failure) when (failure is NoSessionException or BackendLost or NpgsqlException)
        {
            throw new NoRehearsalException($"There was no session for it: {failure.Message}");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new NoRehearsalException($"It took longer than {s_longest.TotalSeconds:0} s and was given up.");
        }
    }

    private async Task<RehearsalFinding> RunAsync(LiveSession live, SessionState session, CancellationToken limit)
    {
        var (given, unreadable) = SqlArguments.OfAction(record.Action.Arguments);
        if (given is null)
        {
            throw new NoRehearsalException(unreadable!);
        }

        var (statement, whyNot) = await new DetachedReading(session).ReadAsync(given, limit);
        if (statement is null)
        {
            throw new NoRehearsalException($"{whyNot!.Message} {whyNot.Detail}".TrimEnd());
        }

        var meaning = await session.MeaningAsync(limit);
        var now = PostgresActionReader.ActionOf(record.Action.Target, statement, meaning);
        if (now.Digest != record.Action.Digest)
        {
            throw new NoRehearsalException(
                "In a session of its own it would be another action: definitions have changed since it was asked " +
                "for, or the agent's session has other settings.");
        }

        if (WhyNotUndone(statement) is { } lasting)
        {
            throw new NoRehearsalException(lasting);
        }

        var start = time.GetTimestamp();
        var run = new Run(session, DetachedRun.PlanOf(statement, given) with
        {
            OpensTransaction = true,
            IsRehearsal = true,
        }, new RunSupport(session));
        var outcome = await run.ExecuteAsync(record, limit);
        return run.NotSent is null
            ? FindingOf(outcome, statement) with { Duration = time.GetElapsedTime(start) }
            : throw new NoRehearsalException(outcome.Error!);
    }

    private static string? WhyNotUndone(RunnableStatement statement) => statement switch
    {
        { Effects.Opaque: { } why } => $"Nobody knows what a rollback would leave of it: {why}",
        { Effects.Impure: { } why } => $"A rollback would not undo all of it: it {why}.",
        { Reading: Reading.Of { Statements: var all } } when all.Any(
            one => one.Form is Parsed.Command { Effect.RunsAlone: true }) =>
            "It runs outside of a transaction, so nothing could be taken back.",
        _ => null,
    };

    private static RehearsalFinding FindingOf(Outcome outcome, RunnableStatement statement)
    {
        var finding = new RehearsalFinding
        {
            Error = outcome.State == OutcomeState.Unknown
                ? "The database was lost while it ran; it rolls back what it did."
                : outcome.Error,
            Warnings = WarningsOf(statement.Effects),
        };
        if (outcome.Result is not { } result)
        {
            return finding;
        }

        using var json = JsonDocument.Parse(result);
        return finding with
        {
            Commands = [.. json.RootElement.GetProperty("commands").EnumerateArray().Select(tag => tag.GetString()!)],
            Rows = json.RootElement.GetProperty("rows").GetInt64(),
        };
    }

    private static ImmutableArray<string> WarningsOf(Effects effects)
    {
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (effects.Rights.Any(use => use.Rights.HasFlag(RelationRights.Usage)))
        {
            warnings.Add("Numbers that it took from sequences are not given back.");
        }

        if (effects.Verbs.Contains("NOTIFY"))
        {
            warnings.Add("Its notifications were not sent.");
        }

        return warnings.ToImmutable();
    }
}
