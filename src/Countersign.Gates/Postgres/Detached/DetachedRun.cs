using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Npgsql;

namespace Countersign.Gates.Postgres.Detached;

/// <summary>
/// The one execution of an action that nobody waits for:
/// <list type="number">
/// <item>A session of its own, under a login that has nothing but the baseline of every session.</item>
/// <item>The statement is understood again; unless the same action would come of it, nothing is sent.</item>
/// <item>It runs like a statement of a session, and what a client would have read is kept.</item>
/// </list>
/// </summary>
internal sealed class DetachedRun(DetachedSessions sessions, Visitor visitor, ActionRecord record, int mostKept)
    : IDisposable
{
    private readonly ResultStream _answers = new(mostKept);
    private bool _isSent;

    public async Task<Outcome> ExecuteAsync(CancellationToken limit)
    {
        try
        {
            // 1.
            return await sessions.UseAsync(
                new DetachedWork<Outcome>(visitor, record.Id.Value, _answers, ExecuteAsync), limit);
        }
        catch (Exception failure) when (!_isSent && failure is NoSessionException or BackendLost or NpgsqlException)
        {
            return Hold.NothingSent(failure.Message);
        }
        catch (OperationCanceledException) when (!_isSent)
        {
            return Hold.NothingSent("the time for this action ended before there was a session for it.");
        }
    }

    public void Dispose() => _answers.Dispose();

    private async Task<Outcome> ExecuteAsync(LiveSession live, SessionState session, CancellationToken limit)
    {
        // 2.
        var (given, unreadable) = SqlArguments.OfAction(record.Action.Arguments);
        if (given is null)
        {
            return Hold.NothingSent(unreadable!);
        }

        var (statement, whyNot) = await new DetachedReading(session).ReadAsync(given, limit);
        if (statement is null)
        {
            return Hold.NothingSent($"{whyNot!.Message} {whyNot.Detail}".TrimEnd());
        }

        var meaning = await session.MeaningAsync(limit);
        if (PostgresActionReader.ActionOf(record.Action.Target, statement, meaning).Digest != record.Action.Digest)
        {
            return Hold.NothingSent(
                "the database changed since this was asked for: the statement would do something else now, or mean " +
                "something else. Ask again.");
        }

        // 3.
        _isSent = true;
        var run = new Run(session, PlanOf(statement, given), new RunSupport(session));
        var outcome = await run.ExecuteAsync(record, limit);
        run.SayEnd(session.Client);
        await session.Client.FlushAsync(CancellationToken.None);
        return (outcome, live.WhyCut) switch
        {
            ({ State: OutcomeState.Succeeded, Result: { } result }, _) =>
                outcome with { Result = _answers.AddTo(result) },
            ({ State: OutcomeState.Failed }, { } cut) => outcome with { Error = $"It was ended: {cut.Message}" },
            _ => outcome,
        };
    }

    /// <summary>One step for each statement; several are one transaction.</summary>
    public static RunPlan PlanOf(RunnableStatement statement, SqlArguments given)
    {
        var text = Encoding.UTF8.GetBytes(given.Text);
        var isList = statement.Reading is Reading.Of { Statements.Length: > 1 };
        return new RunPlan(statement, isList ? StepsOf(text, statement.Reading) : [StepOf(text, statement, given)])
        {
            OpensTransaction = isList,
            TakesSync = static () => true,
        };
    }

    private static ImmutableArray<RunStep> StepsOf(byte[] text, Reading reading) =>
        SimpleQueries.StepsOf(text, ((Reading.Of)reading).Statements);

    private static RunStep.OfText StepOf(byte[] text, RunnableStatement statement, SqlArguments given) => new(text)
    {
        Types = [.. statement.Parameters.Select(parameter => parameter.Type)],
        Bind = given.ToBind(),
    };
}
