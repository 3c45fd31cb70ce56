using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// Takes one statement of a session through the gatekeeper, and its client with it:
/// <list type="number">
/// <item>It becomes an action, which policy may allow, refuse, or hold for people.</item>
/// <item>While it is held the client reads a notice now and then, and may leave; the review stays. Where the database
/// goes meanwhile the session ends at once, so that no approval is spent on what cannot run.</item>
/// <item>Once it may run, the session belongs to the run, which sends what was approved exactly once.</item>
/// <item>When the outcome is in the record, the client reads how it ended.</item>
/// </list>
/// </summary>
internal sealed class PostgresExecutor(SessionState session)
{
    /// <summary>
    /// Clients wait as long as a review may last: a connection costs little, and they choose when to leave.
    /// </summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromDays(8);

    private static readonly TaskCompletionSource<bool> s_never = new();

    private readonly RunSupport _support = new(session);

    /// <summary>The run of the statement that is being handled, once there is one.</summary>
    private Run? _run;

    /// <summary>Why there is none, although it was approved.</summary>
    private Refusal? _notRun;

    /// <summary>What the database said when it went while the statement was held.</summary>
    private string? _gone;

    /// <summary>
    /// Why it was not run, in the words for the client; <c>null</c> when it was, and the client knows how it ended.
    /// </summary>
    public async Task<Refusal?> ActAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        (_run, _notRun, _gone) = (null, null, null);
        using var hold = new Hold();
        session.Hold = hold;
        var isTold = false;
        try
        {
            // 1.
            var call = new Call(
                (record, limit) => ExecuteAsync(hold, plan, record, limit), s_patience, hold.Begin);
            var handling = session.Options.Gatekeeper.HandleAsync(
                await AskingAsync(plan, cancellationToken), call, hold.ClientLeft);
            // 2.
            await WaitAsync(hold, handling, cancellationToken);
            var refusal = await AnswerAsync(await handling, hold);
            isTold = true;
            return refusal;
        }
        catch (OperationCanceledException) when (hold.ClientLeft.IsCancellationRequested && _gone is not null)
        {
            session.IsLost = true;
            return PostgresAnswers.GoneWhileHeld(hold.Record!, _gone);
        }
        catch (OperationCanceledException) when (hold.ClientLeft.IsCancellationRequested)
        {
            return PostgresAnswers.Cancelled(hold.Record, UrlOf(hold.Record));
        }
        catch (StoreUnavailableException failure)
        {
            session.IsLost |= hold.HasRun;
            return hold.HasRun ? Unrecorded(failure) : PostgresAnswers.Unavailable(failure.Message);
        }
        finally
        {
            session.IsEndUntold = hold.HasRun && !isTold;
            session.Hold = null;
        }
    }

    private async Task<Asking> AskingAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        var meaning = await session.MeaningAsync(cancellationToken);
        var statement = plan.Statement with { IsInTransaction = session.IsInTransaction };
        return PostgresActionReader.Read(session.Asker, session.Target, statement, meaning, session.Reason) with
        {
            TakesOwnOutcomeOnly = true,
            NeedsIntent = true,
            Previewer = session.Visitor.Database.Previews.Find(plan.Statement, meaning),
        };
    }

    /// <summary>3. Whatever the run finds, it is this execution's outcome: nothing is sent a second time.</summary>
    private async Task<Outcome> ExecuteAsync(
        Hold hold, RunPlan asked, ActionRecord record, CancellationToken limit)
    {
        if (!await hold.TryRunAsync())
        {
            return Hold.NothingSent("the client left before it could run.");
        }

        var (plan, whyNot) = record.Changes.IsEmpty
            ? (asked, null)
            : await new RevisedStatement(session, asked).ReadAsync(record, limit);
        if (plan is null)
        {
            _notRun = whyNot;
            return Hold.NothingSent($"{whyNot!.Message} {whyNot.Detail}".TrimEnd());
        }

        session.Cursors.OnRun(plan.Statement, record);
        _run = new Run(session, plan, _support);
        return await _run.ExecuteAsync(record, limit);
    }

    /// <summary>
    /// Only this loop talks to the client, until the run asks for the session; from then on only the run does.
    /// </summary>
    private async Task WaitAsync(Hold hold, Task handling, CancellationToken cancellationToken)
    {
        try
        {
            var hangsUp = session.Client.ListenAsync();
            Task tick = s_never.Task;
            Task databaseSpeaks = s_never.Task;
            while (!handling.IsCompleted && !hold.AsksToRun.IsCompleted)
            {
                await Task.WhenAny(handling, hold.AsksToRun, hangsUp, hold.Held, tick, databaseSpeaks);
                if (hangsUp.IsCompleted)
                {
                    hangsUp = await ListenOnAsync(hold, hangsUp);
                }

                if ((hold.Held.IsCompleted || tick.IsCompleted)
                    && !handling.IsCompleted && !hold.AsksToRun.IsCompleted)
                {
                    await LetGoAsync();
                    await TellAsync(hold, cancellationToken);
                    tick = Task.Delay(session.Options.Limits.HeldNotice, session.Options.Time, hold.Over);
                    databaseSpeaks = session.Backend.ListenAsync(CancellationToken.None);
                }

                if (databaseSpeaks.IsCompleted && !hold.AsksToRun.IsCompleted)
                {
                    databaseSpeaks = await HearDatabaseAsync(hold, cancellationToken);
                }
            }
        }
        finally
        {
            // However the wait ended, nobody waits for this session any more: what did not run yet goes without it.
            if (handling.IsCompleted || !hold.TryLeave())
            {
                hold.LetRun();
            }
        }
    }

    /// <summary>
    /// A pipeline that only read texts so far has them locked, in a transaction that its client does not know of. What
    /// waits for people must not block who changes these tables, so that transaction ends; the client's own Sync will
    /// find another one.
    /// </summary>
    private async Task LetGoAsync()
    {
        var backend = session.Backend;
        if (backend.IsInPipeline && !session.IsInTransaction && !session.Names.HasPortalAtDatabase)
        {
            using (session.Names.KeepPortals())
            {
                backend.Sync(isRelayed: false);
                await backend.SettleAsync(CancellationToken.None);
            }
        }
    }

    private async Task<Task<bool>> ListenOnAsync(Hold hold, Task<bool> heard)
    {
        await Task.WhenAny(heard);
        var saidMore = heard.IsCompletedSuccessfully && await heard;
        if (!saidMore && !session.Client.IsFull)
        {
            hold.TryLeave();
        }

        return saidMore && !session.Client.IsFull ? session.Client.ListenAsync() : s_never.Task;
    }

    /// <summary>
    /// Notices are handed on. A database that is gone ends the wait but not the review: approved later, the statement
    /// runs in the session that sends it again.
    /// </summary>
    private async Task<Task> HearDatabaseAsync(Hold hold, CancellationToken cancellationToken)
    {
        var backend = session.Backend;
        string? lastWords = null;
        backend.ErrorSink = (error, _) => lastWords = ErrorFields.Read(error.Body).Message;
        try
        {
            await backend.TakeUnaskedAsync(cancellationToken);
            await session.Client.FlushAsync(cancellationToken);
            return backend.ListenAsync(CancellationToken.None);
        }
        catch (BackendLost lost)
        {
            // What runs already finds the connection ended by itself.
            _gone = hold.TryLeave() ? lastWords ?? lost.Message : null;
            return s_never.Task;
        }
        catch (OperationCanceledException)
        {
            // The session is cut; what runs already is seen to its end.
            hold.TryLeave();
            return s_never.Task;
        }
        finally
        {
            backend.ErrorSink = null;
        }
    }

    private async Task TellAsync(Hold hold, CancellationToken cancellationToken)
    {
        try
        {
            session.Client.Notice(Told(hold.TakeHeld()));
            await session.Client.FlushAsync(cancellationToken);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody reads any more; the review stays.
            hold.TryLeave();
        }
    }

    private string Told(ActionRecord held) => PostgresAnswers.Held(held, UrlOf(held)!);

    private async Task<Refusal?> AnswerAsync(Handled handled, Hold hold)
    {
        using var _ = handled;
        switch (handled.Answer)
        {
            case Answer.Ended { Record: var record } when !hold.HasRun:
                return PostgresAnswers.WhyNotRun(record, UrlOf(record)!);
            case Answer.Ended { Record: var record }:
                // 4.
                if (!record.Changes.IsEmpty && _run is { NotSent: null })
                {
                    session.Client.Notice(ChangeText.Of(record));
                }

                _run?.SayEnd(session.Client);
                session.Options.NoteDelivery(record);
                return _notRun ?? _run?.NotSent ?? (session.IsLost ? PostgresAnswers.Outcome(record) : null);
            case Answer.StillPending { Record: var record }:
                return PostgresAnswers.Pending(record, UrlOf(record)!);
            case Answer.Paused { Reason: var reason }:
                return PostgresAnswers.Paused(reason);
            case Answer.Stopped { Reason: var reason }:
                return PostgresAnswers.Stopped(reason);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static Refusal Unrecorded(StoreUnavailableException failure) => new(
        Refusal.OutcomeUnknown, "The statement ran, but its outcome could not be recorded.")
    {
        Detail = failure.Message,
        Hint = "Look at the data before you repeat it.",
        IsFatal = true,
    };

    private Uri? UrlOf(ActionRecord? record) => record is null ? null : session.Options.ReviewUrl(record.Id);
}
