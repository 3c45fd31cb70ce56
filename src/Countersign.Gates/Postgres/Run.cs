using System.Text;
using System.Text.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The one attempt to run a statement, or the statements of one simple query:
/// <list type="number">
/// <item>What was held is understood again: other definitions mean that something else would run.</item>
/// <item>Rights that the session does not have are added for as long as it runs.</item>
/// <item>Each step is sent, and its answer relayed as it comes, up to how the last one ended.</item>
/// <item>More rows, bytes or time than may be are an error, and with it the transaction ends.</item>
/// <item>Where the run commits, the transaction's id is in the record before.</item>
/// <item>The end is kept back until the outcome is in the record.</item>
/// </list>
/// </summary>
internal sealed class Run(SessionState session, RunPlan plan, RunSupport support)
{
    /// <summary>COPY in binary and with HEADER has a message in front of its rows, or one behind them.</summary>
    private const int CopyFrame = 2;

    /// <summary>A client that goes on cancelling is told of the failed transaction, and may end it.</summary>
    private const int MostRollbacks = 3;

    private readonly List<string> _tags = [];
    private readonly List<ResultMask?> _masks = [];
    private readonly List<Action<WireWriter>> _end = [];
    private long _ceiling = long.MaxValue;
    private long _outputCeiling = long.MaxValue;
    private CancellationToken _limit;

    // Only the session's steps touch these; when time is over, another thread asks for cancellation and no more.
    private Refusal? _stopped;
    private string? _error;
    private long _rows;
    private long _bytes;
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
        _outputCeiling = record.OutputCeiling ?? long.MaxValue;
        _limit = limit;
        if (IsBounded && plan.Statement.Cursors.Any())
        {
            return NothingSent(PostgresAnswers.UnboundedCursor());
        }

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
        var isKnown = false;
        try
        {
            await using (limit.Register(session.CancelStatement))
            {
                await SendAsync(record);
            }

            // A cancellation that comes late must not meet what is sent next.
            await session.CancelsHeard();
            var outcome = OutcomeNow();
            session.Backend.ErrorSink = (_, _) => session.IsLost = true;
            await support.EndRightsAsync(rights!, plan.Statement.Effects);
            isKnown = true;
            return outcome;
        }
        catch (BackendLost lost)
        {
            return new Outcome(
                OutcomeState.Unknown,
                Result: null,
                $"The database was lost while the statement ran ({lost.Message}). It may or may not have taken " +
                "effect: look at the data before asking again.",
                TimeSpan.Zero);
        }
        finally
        {
            if (!isKnown)
            {
                // Whatever nobody foresaw: where this connection stands is not known, so nothing more runs on it, and
                // that something ended well is not said.
                session.IsLost = true;
                _end.Clear();
            }

            session.Backend.ErrorSink = null;
            await rights!.DisposeAsync();
        }
    }

    private bool TakesCopy => plan.Statement.TakesCopy;

    private bool IsBounded => _ceiling != long.MaxValue || _outputCeiling != long.MaxValue;

    private bool IsDurable =>
        _isCommitted && !plan.IsRehearsal && session.Backend.Transaction == TransactionStatus.Idle;

    private bool HasFailed => _error is not null || _stopped is not null;

    private async Task SendAsync(ActionRecord record)
    {
        if (plan.OpensTransaction)
        {
            session.SendOwn(OwnStatement.Begin);
            if (plan.IsRehearsal)
            {
                session.SendOwn(OwnStatement.RehearsalLimits);
            }
        }

        await support.LimitAsync(record, plan);
        for (var i = 0; i < plan.Steps.Length && !HasFailed; i++)
        {
            // 3.
            _masks.Add(plan.MaskOf(i, session));
            var rows = new Rows(this, isLast: i == plan.Steps.Length - 1, plan.DoneOf(i, session)) { Mask = _masks[i] };
            plan.Steps[i].Send(session, rows);
            session.Backend.Out.WriteFlush();
            await SettleAsync();
            session.SuspectStatements();
            // 4.
            _stopped ??= WhyStop();
            FailIfStopped();
        }

        if (plan.Statement.Effects.NeedsOwner && !HasFailed)
        {
            await SettleOwnershipAsync();
        }

        _stopped ??= HasFailed ? null : await support.WhyChangedMeanwhileAsync(record, plan.Statement);
        // 5.
        _isCommitted = plan.TakesSync();
        if (_isCommitted && !plan.IsRehearsal && !HasFailed
            && await support.WhyNoEvidenceAsync(record) is { } unrecorded)
        {
            _stopped ??= unrecorded;
        }

        // A limit that passed after the last step, when there was nothing left to cancel.
        _stopped ??= _isCommitted ? WhyStop() : null;
        FailIfStopped();

        if (!HasFailed)
        {
            support.EndLimit();
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
        if (!plan.OpensTransaction)
        {
            return;
        }

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
        // A transaction of the gate's own that failed ends before the client is told. A cancellation that was meant for
        // the commit may meet the rollback instead, which is sent again then.
        for (var tries = 0; tries < MostRollbacks && plan.OpensTransaction
            && backend.Transaction == TransactionStatus.Failed; tries++)
        {
            await session.CancelsHeard();
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
            ResultMask.WriteReport(_masks, json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private Refusal? WhyStop() => this switch
    {
        { _limit.IsCancellationRequested: true } => OutOfBounds.Overdue(),
        { _isUncounted: true } => OutOfBounds.Uncounted(),
        _ when _rows > _ceiling => OutOfBounds.TooMany(_ceiling),
        _ => null,
    };

    private Outcome NothingSent(Refusal why)
    {
        NotSent = why;
        return Hold.NothingSent($"{why.Message} {why.Detail}".TrimEnd());
    }

    private void TakeError(WireMessage error, Refusal? ownWords)
    {
        if (_error is not null)
        {
            // Of the gate's own rollback; the client is told why there is one.
            return;
        }

        // What was done is undone, so that it ended well is not said.
        _end.Clear();
        var fields = ErrorFields.Read(error.Body);
        if (ownWords is null && fields.Code == Refusal.QueryCanceled && _limit.IsCancellationRequested)
        {
            _stopped ??= OutOfBounds.Overdue();
        }

        if ((_stopped ?? ownWords) is { } words)
        {
            _error = $"{words.Message} {words.Detail}".TrimEnd();
            _end.Add(writer => writer.WriteErrorResponse(words.ToFields()));
            return;
        }

        _error = $"The database answered {fields.Code}: {fields.Message}";
        var bytes = error.Bytes.ToArray();
        _end.Add(writer => writer.Append(bytes));
    }

    private void BeginCopy() => session.Backend.IsCopyingIn = true;

    /// <summary>Ends a statement that is running; what it did is rolled back with it.</summary>
    private void Stop(Refusal why)
    {
        if (_stopped is null)
        {
            _stopped = why;
            session.CancelStatement();
        }
    }

    /// <summary>Rows of one step: counted, and none relayed beyond the ceilings.</summary>
    private sealed class Rows(Run run, bool isLast, Action done) : AwaitedRows(isSilent: false)
    {
        private long _sent;

        public override bool OnLargeData(MessageHead head) => Takes(head.Type, head.Length);

        protected override bool OnData(WireMessage message) => Takes(message.Type, message.Bytes.Length);

        /// <summary>The server sends COPY data row by row too.</summary>
        private bool Takes(byte type, int length)
        {
            run._bytes += length;
            var frame = type == BackendMessage.DataRow ? 0 : CopyFrame;
            if (run._rows + ++_sent - frame > run._ceiling)
            {
                run.Stop(OutOfBounds.TooMany(run._ceiling));
            }
            else if (run._bytes > run._outputCeiling)
            {
                run.Stop(OutOfBounds.TooMuch(run._outputCeiling));
            }

            return run._stopped is null;
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
                done();
                var complete = CommandCompleteBody.Read(message.Body);
                run._tags.Add(Encoding.UTF8.GetString(complete.Tag));
                run._rows += complete.Rows ?? 0;
            }

            // A write has changed all of its rows when the first one of them arrives; and the rest of a read would come
            // without anybody who counts.
            run._isUncounted |= message.Type == BackendMessage.PortalSuspended && run.IsBounded;
            if (isLast)
            {
                var bytes = message.Bytes.ToArray();
                run._end.Add(writer => writer.Append(bytes));
            }

            return !isLast;
        }
    }
}
