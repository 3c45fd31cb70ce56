using System.Text;
using System.Text.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The one attempt to run a statement, or the statements of one simple query:
/// <list type="number">
/// <item>What was held is understood again: other definitions mean that something else would run.</item>
/// <item>Rights that the session does not have are added for as long as it runs.</item>
/// <item>Each step is sent, and its answer relayed as it comes, up to how the last one ended.</item>
/// <item>More rows than may be are an error, and with it the transaction ends.</item>
/// <item>Where the run commits, the transaction's id is in the record before.</item>
/// <item>The end is kept back until the outcome is in the record.</item>
/// </list>
/// </summary>
internal sealed class Run(SessionState session, RunPlan plan, RunSupport support)
{
    private readonly List<string> _tags = [];
    private readonly List<Action<WireWriter>> _end = [];
    private long _ceiling = long.MaxValue;
    private Refusal? _stopped;
    private string? _error;
    private long _rows;
    private bool _isCommitted;
    private bool _isUncounted;
    private bool _isFailing;

    /// <summary>Why nothing was sent, for the agent; <c>null</c> when something was.</summary>
    public Refusal? NotSent { get; private set; }

    /// <summary>Says how it ended, once that is in the record.</summary>
    public void SayEnd(Client client) => _end.ForEach(say => say(client.Out));

    public async Task<Outcome> ExecuteAsync(ActionRecord record, CancellationToken limit)
    {
        _ceiling = record.RowCeiling ?? long.MaxValue;
        // 1.
        if (record.WasHeld && await support.WhyChangedAsync(plan.Statement, limit) is { } changed)
        {
            return NothingSent(changed);
        }

        // 2.
        var (rights, whyNone) = await support.AddRightsAsync(plan.Statement.Effects, record.Id, limit);
        if (whyNone is not null)
        {
            return NothingSent(whyNone);
        }

        session.Backend.ErrorSink = TakeError;
        support.NoticeRights();
        using var overdue = limit.Register(() => Stop(new Refusal(
            Refusal.QueryCanceled, "The statement took longer than it may, and was cancelled.")));
        try
        {
            await SendAsync(record);
            await support.EndRightsAsync(rights!, plan.Statement.Effects);
            return OutcomeNow();
        }
        catch (BackendLost lost)
        {
            session.IsLost = true;
            return new Outcome(
                OutcomeState.Unknown,
                Result: null,
                $"The database was lost while the statement ran ({lost.Message}). It may or may not have taken " +
                "effect: look at the data before asking again.",
                TimeSpan.Zero);
        }
        finally
        {
            session.Backend.ErrorSink = null;
            await rights!.DisposeAsync();
        }
    }

    private bool TakesCopy => plan.Statement.TakesCopy;

    private bool CountsAll => _ceiling != long.MaxValue && !plan.Statement.Effects.IsReadOnly;

    private bool IsDurable =>
        _isCommitted && !plan.IsRehearsal && session.Backend.Transaction == TransactionStatus.Idle;

    private bool HasFailed => _error is not null || _stopped is not null;

    private async Task SendAsync(ActionRecord record)
    {
        var backend = session.Backend;
        if (plan.OpensTransaction)
        {
            session.SendOwn(OwnStatement.Begin);
            if (plan.IsRehearsal)
            {
                session.SendOwn(OwnStatement.RehearsalLimits);
            }
        }

        for (var i = 0; i < plan.Steps.Length && !HasFailed; i++)
        {
            // 3.
            plan.Steps[i].Send(session, new Rows(this, isLast: i == plan.Steps.Length - 1));
            backend.Out.WriteFlush();
            await SettleAsync();
            // 4.
            if (_error is null && (_stopped is not null || _rows > _ceiling || _isUncounted))
            {
                _stopped ??= TooMany();
                FailIfStopped();
            }
        }

        if (plan.Statement.Effects.NeedsOwner && !HasFailed)
        {
            await SettleOwnershipAsync();
        }

        // 5.
        _isCommitted = plan.TakesSync();
        if (_isCommitted && !plan.IsRehearsal && !HasFailed
            && await support.WhyNoEvidenceAsync(record) is { } unrecorded)
        {
            _stopped ??= unrecorded;
        }

        // A limit that passed after the last step, when there was nothing left to cancel.
        FailIfStopped();

        if (plan.OpensTransaction && !HasFailed)
        {
            EndTransaction();
        }

        await EndAsync();
    }

    /// <summary>
    /// What is to be stopped may have ended before it could be cancelled; then only an error keeps it from being
    /// committed.
    /// </summary>
    private void FailIfStopped()
    {
        if (_stopped is { } why && _error is null && !_isFailing)
        {
            _isFailing = true;
            session.ProvokeFailure(why);
        }
    }

    /// <summary>
    /// What the statement made belongs to the target's owner before anybody else sees it, and before the login that
    /// made it goes back.
    /// </summary>
    private async Task SettleOwnershipAsync()
    {
        if (support.Settlement is { } settlement && session.Backend.Transaction != TransactionStatus.Failed)
        {
            session.SendOwn(settlement);
            session.Backend.Out.WriteFlush();
            await SettleAsync();
        }
    }

    /// <summary>What a rehearsal checks only at its end is checked before it is taken back.</summary>
    private void EndTransaction()
    {
        if (plan.IsRehearsal)
        {
            session.SendOwn(OwnStatement.CheckConstraints);
        }

        session.SendOwn(plan.IsRehearsal ? OwnStatement.Rollback : OwnStatement.Commit);
    }

    private async Task EndAsync()
    {
        var backend = session.Backend;
        if (!_isCommitted)
        {
            backend.Out.WriteFlush();
            await SettleAsync();
            return;
        }

        backend.Sync(isRelayed: false);
        await SettleAsync();
        // A transaction of the gate's own that failed ends before the client is told.
        if (plan.OpensTransaction && backend.Transaction == TransactionStatus.Failed)
        {
            session.SendOwn(OwnStatement.Rollback);
            backend.Sync(isRelayed: false);
            await SettleAsync();
        }

        _end.Add(writer => writer.WriteReadyForQuery(backend.Transaction));
    }

    private async Task SettleAsync()
    {
        // What was sent is seen to its end; a client that leaves changes nothing about that.
        await session.Backend.SettleAsync(CancellationToken.None);
        if (session.Backend.IsCopyingIn)
        {
            await new CopyIn(session).TakeAsync(CancellationToken.None);
        }
    }

    private Outcome OutcomeNow() => _error is { } error
        ? new Outcome(OutcomeState.Failed, Result: null, error, TimeSpan.Zero)
        : new Outcome(OutcomeState.Succeeded, ResultJson(), Error: null, TimeSpan.Zero);

    private byte[] ResultJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("commands");
            _tags.ForEach(json.WriteStringValue);
            json.WriteEndArray();
            json.WriteNumber("rows", _rows);
            json.WriteBoolean("committed", IsDurable);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private Refusal TooMany() => new(
        Refusal.ProgramLimitExceeded, $"The statement concerned more than the {_ceiling} rows that were approved.")
    {
        Detail = "Its transaction was rolled back, so nothing of it took effect.",
        Hint = "Narrow it down; sending it again asks for approval of what it would do now.",
    };

    private Outcome NothingSent(Refusal why)
    {
        NotSent = why;
        return Hold.NothingSent($"{why.Message} {why.Detail}".TrimEnd());
    }

    private void TakeError(WireMessage error, Refusal? ownWords)
    {
        // What was done is undone, so that it ended well is not said.
        _end.Clear();
        if ((_stopped ?? ownWords) is { } words)
        {
            _error ??= $"{words.Message} {words.Detail}".TrimEnd();
            _end.Add(writer => writer.WriteErrorResponse(words.ToFields()));
            return;
        }

        var fields = ErrorFields.Read(error.Body);
        _error ??= $"The database answered {fields.Code}: {fields.Message}";
        var bytes = error.Bytes.ToArray();
        _end.Add(writer => writer.Append(bytes));
    }

    private void BeginCopy() => session.Backend.IsCopyingIn = true;

    /// <summary>Ends a statement that is running; what it did is rolled back with it.</summary>
    private void Stop(Refusal why)
    {
        if (Interlocked.CompareExchange(ref _stopped, why, null) is null)
        {
            session.CancelStatement();
        }
    }

    /// <summary>Rows of one step: counted, and none relayed beyond the ceiling.</summary>
    private sealed class Rows(Run run, bool isLast) : AwaitedRows(isSilent: false)
    {
        private long _sent;

        public override void OnLargeData(MessageHead head) => _sent++;

        protected override bool OnData(WireMessage message)
        {
            if (message.Type != BackendMessage.DataRow || run._rows + ++_sent <= run._ceiling)
            {
                return true;
            }

            run.Stop(run.TooMany());
            return false;
        }

        protected override void OnCopyIn(WireMessage message)
        {
            if (!run.TakesCopy)
            {
                throw Unasked(message);
            }

            run.BeginCopy();
        }

        protected override bool OnEnd(WireMessage message)
        {
            if (message.Type == BackendMessage.CommandComplete)
            {
                var complete = CommandCompleteBody.Read(message.Body);
                run._tags.Add(Encoding.UTF8.GetString(complete.Tag));
                run._rows += complete.Rows ?? 0;
            }

            // A write has changed all of its rows when the first one of them arrives.
            run._isUncounted |= message.Type == BackendMessage.PortalSuspended && run.CountsAll;
            if (isLast)
            {
                var bytes = message.Bytes.ToArray();
                run._end.Add(writer => writer.Append(bytes));
            }

            return !isLast;
        }
    }
}
