using System.Text;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A session's own connection to the database. Nothing here is a belief: names, portals and the transaction are what
/// the database acknowledged.
/// </summary>
internal sealed class Backend(DatabaseConnection connection, Client client, PostgresLimits limits)
{
    /// <summary>Rows up to this size are taken whole; larger ones pass in pieces.</summary>
    private const int WholeMessage = 64 * 1024;

    private readonly Queue<Awaited> _awaited = new();

    // They know nothing of the question that they end, so there is one of each.
    private Awaited.Ready? _relayedReady;
    private Awaited.Ready? _silentReady;

    /// <summary>A read that began while nothing was awaited, because notices may come at any time.</summary>
    private Task<bool>? _listening;

    /// <summary>Whether that read ends by nothing but the database.</summary>
    private bool _listensForGood;

    public WireWriter Out => connection.Writer;

    public DatabaseConnection Connection => connection;

    public TransactionStatus Transaction { get; private set; } = TransactionStatus.Idle;

    /// <summary>Whether the database owes no answer.</summary>
    public bool IsSettled => _awaited.Count == 0;

    /// <summary>
    /// An error came and no Sync is under way: the database drops everything up to the next one.
    /// </summary>
    public bool IsSkipping { get; private set; }

    /// <summary>Told when a Sync is on its way.</summary>
    public Action OnSync { get; set; } = static () => { };

    /// <summary>Told when a transaction is over: portals are gone, and settings may be what they were before.</summary>
    public Action<TransactionStatus> OnReady { get; set; } = static _ => { };

    /// <summary>
    /// Takes errors in the client's place while something runs whose end is kept back, or waits to run.
    /// </summary>
    public Action<WireMessage, Refusal?>? ErrorSink { get; set; }

    /// <summary>The database waits for COPY data, so settling ends early and has to be called again.</summary>
    public bool IsCopyingIn { get; set; }

    /// <summary>Told what the database reports of its settings; a refusal ends the connection.</summary>
    public Func<string, string, Refusal?> OnSetting { get; set; } = static (_, _) => null;

    /// <summary>Says errors and notices by the client's names of statements.</summary>
    public Func<WireMessage, WireMessage> Named { get; set; } = static message => message;

    /// <summary>What of all words but rows may be read; <c>null</c> where nothing is masked.</summary>
    public MaskedWords? Words { get; set; }

    /// <summary>Whether something was asked since the last Sync: a transaction may be open unreported.</summary>
    public bool IsInPipeline { get; private set; }

    /// <summary>
    /// Whether the client has run something since the last Sync: a transaction is open then, which may hold locks.
    /// </summary>
    public bool HasRunInPipeline { get; private set; }

    public void Await(Awaited answer)
    {
        IsInPipeline = answer is not Awaited.Ready;
        HasRunInPipeline = IsInPipeline && (HasRunInPipeline || answer is AwaitedRows { IsSilent: false });
        _awaited.Enqueue(answer);
    }

    /// <summary>Ends what was asked so far; the answer tells where the transaction stands.</summary>
    public void Sync(bool isRelayed)
    {
        Out.WriteSync();
        OnSync();
        IsSkipping = false;
        Await(isRelayed
            ? _relayedReady ??= new Awaited.Ready(isRelayed: true, BecomeReady)
            : _silentReady ??= new Awaited.Ready(isRelayed: false, BecomeReady));
    }

    /// <summary>
    /// Takes the answers to all that is on its way, for who must not rest on what may yet fail. <c>false</c> when an
    /// error came: what is asked now would be dropped.
    /// </summary>
    /// <exception cref="BackendLost">The connection ended, or said what nobody asked.</exception>
    public async ValueTask<bool> CatchUpAsync(CancellationToken cancellationToken)
    {
        if (!IsSettled)
        {
            Out.WriteFlush();
            await SettleAsync(cancellationToken);
        }

        return !IsSkipping;
    }

    /// <summary>Sends what was asked and hands on the answers until none is owed.</summary>
    /// <exception cref="BackendLost">The connection ended, or said what nobody asked.</exception>
    public async ValueTask SettleAsync(CancellationToken cancellationToken)
    {
        // A long answer may fill the connection while a long question is still being written.
        var sending = Out.FlushAsync(cancellationToken).AsTask();
        try
        {
            while (TakeOwn() && !IsCopyingIn)
            {
                // Only when something is owed: otherwise that read may last for ever.
                await StopListeningAsync(cancellationToken);
                if (connection.Reader.TryPeek(out var head) && head.BodyLength > WholeMessage)
                {
                    await TakeLargeAsync(head, cancellationToken);
                }
                else if (connection.Reader.TryRead(WholeMessage, out var message))
                {
                    await TakeAsync(message, cancellationToken);
                }
                else if (!await connection.Reader.BufferMoreAsync(limits.ServerMessage, cancellationToken))
                {
                    throw new BackendLost("The database closed the connection.", inner: null);
                }
            }
        }
        catch (Exception lost) when (lost is IOException or ProtocolViolation or ObjectDisposedException)
        {
            throw new BackendLost(lost.Message, lost);
        }

        await sending;
    }

    /// <summary>Waits beside the client for what the database says unasked; <c>true</c> when something came.</summary>
    /// <param name="cancellationToken">
    /// Ends the read, and with it a TLS connection; without one, who takes answers waits for it as long as they may.
    /// </param>
    public Task<bool> ListenAsync(CancellationToken cancellationToken)
    {
        if (_listening is null)
        {
            _listensForGood = !cancellationToken.CanBeCanceled;
            _listening = connection.Reader.BufferMoreAsync(WholeMessage, cancellationToken).AsTask();
        }

        return _listening;
    }

    /// <summary>Hands on what came unasked.</summary>
    /// <exception cref="BackendLost">
    /// It was the end of the connection, or something that may not come unasked.
    /// </exception>
    public async ValueTask TakeUnaskedAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!await StopListeningAsync(cancellationToken))
            {
                throw new BackendLost("The database closed the connection.", inner: null);
            }

            while (connection.Reader.TryRead(WholeMessage, out var message))
            {
                await TakeAsync(message, cancellationToken);
            }
        }
        catch (Exception lost) when (lost is IOException or ProtocolViolation or ObjectDisposedException)
        {
            throw new BackendLost(lost.Message, lost);
        }
    }

    private async Task<bool> StopListeningAsync(CancellationToken cancellationToken)
    {
        var came = true;
        try
        {
            if (_listening is { } listening)
            {
                came = await (_listensForGood ? listening.WaitAsync(cancellationToken) : listening);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Who listened does not any more; who asks now reads by itself.
        }

        _listening = null;
        return came;
    }

    /// <summary>Says what the gate has to say at this point; whether the database still owes something.</summary>
    private bool TakeOwn()
    {
        while (_awaited.TryPeek(out var next) && next is Awaited.Own own)
        {
            own.Say(client);
            _awaited.Dequeue();
        }

        return _awaited.Count > 0;
    }

    /// <summary>Only rows and COPY data may be large; they pass as they come.</summary>
    private async ValueTask TakeLargeAsync(MessageHead head, CancellationToken cancellationToken)
    {
        if (head.Type is not (BackendMessage.DataRow or BackendMessage.CopyData)
            || !_awaited.TryPeek(out var next)
            || next is not AwaitedRows rows)
        {
            var message = await connection.Reader.ReadAsync(limits.ServerNotice, cancellationToken);
            await TakeAsync(message, cancellationToken);
            return;
        }

        if (rows.Mask is { } mask && await RewritesAsync(mask, head, cancellationToken))
        {
            if (head.BodyLength > MaskLimits.Row)
            {
                throw MaskLimits.TooLong(head.BodyLength);
            }

            await TakeAsync(await connection.Reader.ReadAsync(MaskLimits.Row, cancellationToken), cancellationToken);
            return;
        }

        if (!rows.OnLargeData(head))
        {
            await connection.Reader.SkipAsync(limits.ServerMessage, cancellationToken);
            return;
        }

        await client.FlushAsync(cancellationToken);
        await connection.Reader.RelayAsync(client.Out, limits.ServerMessage, cancellationToken);
    }

    /// <summary>Whether a row or COPY data may be masked, so that it has to be here as a whole.</summary>
    private async ValueTask<bool> RewritesAsync(ResultMask mask, MessageHead head, CancellationToken cancellationToken)
    {
        if (head.Type == BackendMessage.CopyData)
        {
            return mask.RewritesCopy;
        }

        int columns;
        while (!connection.Reader.TryPeekCount(out columns))
        {
            if (!await connection.Reader.BufferMoreAsync(limits.ServerMessage, cancellationToken))
            {
                throw new BackendLost("The database closed the connection.", inner: null);
            }
        }

        return mask.RewritesRow(columns);
    }

    private async ValueTask TakeAsync(WireMessage message, CancellationToken cancellationToken)
    {
        if (message.Type is BackendMessage.NoticeResponse or BackendMessage.ErrorResponse)
        {
            message = Named(message);
        }

        switch (message.Type)
        {
            case BackendMessage.NoticeResponse:
                var notice = Words is null ? message : Words.Notice(message, StageOf(out var _));
                client.Out.Append((notice ?? default).Bytes.Span);
                break;
            case BackendMessage.NotificationResponse:
                client.Out.Append((Words?.Notification(message) ?? message).Bytes.Span);
                break;
            case BackendMessage.ParameterStatus:
                TakeSetting(message);
                break;
            case BackendMessage.ErrorResponse:
                TakeError(Words?.Error(message, StageOf(out var looksAtNoRow), looksAtNoRow) ?? message);
                break;
            default:
                TakeAnswer(message);
                break;
        }

        await client.FlushIfFullAsync(cancellationToken);
    }

    private void TakeAnswer(WireMessage message)
    {
        if (!_awaited.TryPeek(out var next))
        {
            throw new ProtocolViolation($"The database sent a message '{(char)message.Type}' unasked.");
        }

        if (next.Take(message, client))
        {
            _awaited.Dequeue();
        }
    }

    /// <summary>
    /// The database looks at nothing more up to the next Sync, so nothing of that is owed any more. An error in place
    /// of ReadyForQuery comes before it.
    /// </summary>
    private void TakeError(WireMessage message)
    {
        if (!_awaited.TryPeek(out var failed))
        {
            // Unasked errors announce the end: a shutdown, a time-out of an idle session.
            Tell(message, ownWords: null);
            return;
        }

        Tell(message, failed.OwnWords);
        IsCopyingIn = false;
        while (_awaited.TryPeek(out var next) && next is not Awaited.Ready)
        {
            if (next == failed)
            {
                next.Fail(ErrorFields.Read(message.Body));
            }
            else
            {
                next.Drop();
            }

            _awaited.Dequeue();
        }

        IsSkipping = _awaited.Count == 0;
    }

    private void Tell(WireMessage error, Refusal? ownWords)
    {
        if (ErrorSink is { } sink)
        {
            sink(error, ownWords);
        }
        else if (ownWords is not null)
        {
            client.Say(ownWords);
        }
        else
        {
            client.Out.Append(error.Bytes.Span);
        }
    }

    private void TakeSetting(WireMessage message)
    {
        var status = ParameterStatusBody.Read(message.Body);
        if (OnSetting(Encoding.UTF8.GetString(status.Name), Encoding.UTF8.GetString(status.Value)) is { } refusal)
        {
            throw new ProtocolViolation(refusal.Message) { IsFatal = true };
        }

        if (Words is null || Words.PassesSetting(Encoding.UTF8.GetString(status.Name)))
        {
            client.Out.Append(message.Bytes.Span);
        }
    }

    /// <summary>How far the statement is that the database speaks about.</summary>
    private WordStage StageOf(out bool looksAtNoRow)
    {
        var spokenOf = _awaited.TryPeek(out var next) ? next : null;
        looksAtNoRow = spokenOf is AwaitedRows { Mask.LooksAtNoRow: true };
        return spokenOf?.Stage ?? WordStage.Runs;
    }

    private void BecomeReady(TransactionStatus status)
    {
        Transaction = status;
        Words?.OnReady(status);
        OnReady(status);
    }
}

/// <summary>The database is gone, or cannot be trusted any more; what was under way has no known end.</summary>
internal sealed class BackendLost(string text, Exception? inner) : Exception(text, inner);
