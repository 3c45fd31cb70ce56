using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Npgsql;

namespace Countersign.Gates.Postgres.Detached;

/// <summary>
/// Statements that come over the API: nobody waits for them on a connection, so the node that records the decision
/// executes them and keeps the outcome (DESIGN section 2.7). They become the same action as in a session that changed
/// no setting, and run under the same bounds.
/// </summary>
internal sealed class DetachedStatements(
    PostgresGateOptions options, PostgresTargets targets, DetachedSessions sessions)
{
    /// <summary>As the database lists a session that only looks at a statement.</summary>
    private const string ReadingName = "countersign request";

    /// <summary><c>null</c> when the action's target is not on this gate, or not any more.</summary>
    public ActionExecutor? Find(ActionRecord action) =>
        action.Gate == GateKind.Postgres && options.Targets.ContainsKey(action.Action.Target) ? ExecuteAsync : null;

    /// <summary><c>null</c> when the action's target is not on this gate, or not any more.</summary>
    public ActionRehearser? FindRehearser(ActionRecord action) =>
        action.Gate == GateKind.Postgres && options.Targets.ContainsKey(action.Action.Target) ? RehearseAsync : null;

    /// <summary>A request with what its statement does; without that, why it is not taken.</summary>
    public async Task<(Asking? Asking, Problem? Problem)> CompleteAsync(
        Asking asked, CancellationToken cancellationToken)
    {
        if (asked.Action.Operation != PostgresActionReader.Operation)
        {
            return (null, RequestBody.Malformed(
                $"On target '{asked.Target.Name}' the operation is '{PostgresActionReader.Operation}', with the " +
                "arguments 'text' and, where the statement has any, 'parameters'."));
        }

        var (given, wrong) = SqlArguments.OfRequest(asked.Action.Arguments);
        if (given is null)
        {
            return (null, RequestBody.Malformed(wrong!));
        }

        if (options.Stopped.Contains(asked.Asker.Agent))
        {
            return (null, new Problem(403, "agent-stopped", "People stopped this agent; nothing was executed."));
        }

        var (database, whyNot) = await targets.FindAsync(asked.Target.Name, cancellationToken);
        return database is null
            ? (null, Unavailable($"{whyNot!.Message} {whyNot.Detail}"))
            : await CompleteAsync(asked, given, database, cancellationToken);
    }

    private async Task<(Asking? Asking, Problem? Problem)> CompleteAsync(
        Asking asked, SqlArguments given, PostgresTarget database, CancellationToken cancellationToken)
    {
        var work = new DetachedWork<(Asking?, Problem?)>(
            new Visitor(asked.Asker, asked.Target, database),
            ReadingName,
            new ResultStream(most: 0),
            (_, session, limit) => ReadAsync(session, asked, given, limit));
        try
        {
            return await sessions.UseAsync(work, cancellationToken);
        }
        catch (Exception failure) when (failure is NoSessionException or BackendLost or NpgsqlException)
        {
            return (null, Unavailable(failure.Message));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, Unavailable("The session in which the statement was looked at was cut."));
        }
    }

    private static async Task<(Asking? Asking, Problem? Problem)> ReadAsync(
        SessionState session, Asking asked, SqlArguments given, CancellationToken cancellationToken)
    {
        var (statement, whyNot) = await new DetachedReading(session).ReadAsync(given, cancellationToken);
        if (statement is null)
        {
            return (null, ProblemOf(whyNot!));
        }

        var meaning = await session.MeaningAsync(cancellationToken);
        return (PostgresActionReader.Read(asked, statement, meaning) with
        {
            Previewer = session.Visitor.Database.Previews.Find(statement, meaning),
        }, null);
    }

    private async Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        var name = action.Action.Target;
        if (!options.Charter().Targets.TryGetValue(name, out var target))
        {
            return Hold.NothingSent($"target '{name}' is not configured any more.");
        }

        var (database, whyNot) = await targets.FindAsync(name, cancellationToken);
        if (database is null)
        {
            return Hold.NothingSent($"{whyNot!.Message} {whyNot.Detail}");
        }

        var visitor = new Visitor(action.Asker, target, database);
        using var run = new DetachedRun(sessions, visitor, action, options.Limits.KeptRows);
        return await run.ExecuteAsync(cancellationToken);
    }

    private async Task<RehearsalFinding> RehearseAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        var name = action.Action.Target;
        if (!options.Charter().Targets.TryGetValue(name, out var target))
        {
            throw new NoRehearsalException($"Target '{name}' is not configured any more.");
        }

        var (database, whyNot) = await targets.FindAsync(name, cancellationToken);
        return database is null
            ? throw new NoRehearsalException($"{whyNot!.Message} {whyNot.Detail}")
            : await new DetachedRehearsal(
                sessions, new Visitor(action.Asker, target, database), action, options.Time)
                .RunAsync(cancellationToken);
    }

    private static Problem ProblemOf(Refusal refusal)
    {
        var text = string.Join(
            ' ', new[] { refusal.Message, refusal.Detail, refusal.Hint }.Where(part => !string.IsNullOrEmpty(part)));
        return RequestBody.Malformed($"{text} ({refusal.Code})");
    }

    private static Problem Unavailable(string why) =>
        new(503, "unavailable", $"Nothing was executed, because the statement could not be looked at: {why}")
        {
            RetryAfter = 1,
        };
}
