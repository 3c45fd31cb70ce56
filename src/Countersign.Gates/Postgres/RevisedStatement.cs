using Countersign.Core.Records;
using Countersign.Gates.Postgres.Detached;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// What runs in a session instead of the statement that it asked for, because reviewers changed that one:
/// <list type="number">
/// <item>It is understood here, in the session that runs it. Unless the same action comes of it, nothing is
/// sent.</item>
/// <item>A client of the extended protocol was told the columns of its own statement, so it takes no others.</item>
/// </list>
/// </summary>
internal sealed class RevisedStatement(SessionState session, RunPlan asked)
{
    private readonly StatementTexts _texts = new(session);

    /// <summary>The plan, or why there is none.</summary>
    public async Task<(RunPlan? Plan, Refusal? WhyNot)> ReadAsync(ActionRecord record, CancellationToken limit)
    {
        var (given, unreadable) = SqlArguments.OfAction(record.Action.Arguments);
        if (given is null)
        {
            return (null, NotRun(unreadable!));
        }

        // 1.
        var reading = await _texts.ReadAsync(given.Text, given.Types, limit);
        if (reading is Reading.Refused { Why: var refusal })
        {
            return (null, refusal);
        }

        var parameters = given.Types.Select((type, i) => new Parameter(type, given.Values[i]));
        var statement = _texts.RunnableOf(given.Text, reading, [.. parameters]);
        var meaning = await session.MeaningAsync(limit);
        if (PostgresActionReader.ActionOf(record.Action.Target, statement, meaning).Digest != record.Action.Digest)
        {
            return (null, NotRun(
                "In this session it would be another action: definitions have changed since it was approved, or the " +
                "session has settings of its own."));
        }

        // 2.
        if (asked.Steps.Any(step => step is RunStep.OfPortal) && (HasRows(asked.Statement) || HasRows(statement)))
        {
            return (null, NotRun("Your driver was told the columns of the statement that it prepared."));
        }

        return (DetachedRun.PlanOf(statement, given) with
        {
            TakesSync = asked.TakesSync,
            OpensTransaction = statement.Reading is Reading.Of { Statements.Length: > 1 }
                && session.Backend.Transaction == TransactionStatus.Idle,
        }, null);
    }

    private static bool HasRows(RunnableStatement statement) =>
        statement.Effects.Opaque is not null
        || !statement.Effects.Output.IsEmpty
        || statement.Effects.Verbs.All(verb => verb is "SELECT" or "SHOW" or "FETCH" or "EXPLAIN");

    private static Refusal NotRun(string why) => new(
        Refusal.InsufficientPrivilege,
        "Reviewers changed this statement, and it cannot run here; nothing was executed.")
    {
        Detail = why,
        Hint = "Read the action to see what was approved, and send that statement itself.",
    };
}
