using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// One agent's connection, from the first message to the last. It is one sequence of steps, like a PostgreSQL backend:
/// <list type="number">
/// <item>Messages that are here are taken in their order; what may pass is asked of the database without a wait.</item>
/// <item>When the client has nothing more to say, the answers are handed on, and leave together.</item>
/// <item>While both are silent, whoever speaks first is heard; the database may have notices.</item>
/// </list>
/// After an error everything up to the next Sync is dropped, here as there.
/// </summary>
internal sealed class PostgresSession : IAsyncDisposable
{
    private readonly SessionState _state;
    private readonly Client _client;
    private readonly Backend _backend;
    private readonly ExtendedQueries _extended;
    private readonly SimpleQueries _simple;
    private readonly Reads _reads;
    private readonly StatementTexts _texts;
    private bool _answersAreDue;

    public PostgresSession(SessionState state)
    {
        _state = state;
        (_client, _backend) = (state.Client, state.Backend);
        var executor = new PostgresExecutor(state);
        var texts = _texts = new StatementTexts(state);
        _reads = new Reads(state);
        _extended = new ExtendedQueries(state, executor, texts, _reads);
        _simple = new SimpleQueries(state, executor, texts, _reads);
        texts.Listen();
        _backend.OnSetting = PinnedSettings.WhyNot;
        _backend.Named = new NamesInWords(state.Names).Of;
    }

    /// <summary>Serves the client until it or the database goes.</summary>
    /// <exception cref="BackendLost">The database went.</exception>
    /// <exception cref="ProtocolViolation">The client said what the protocol does not allow.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var longest = _state.Options.Limits.ClientMessage;
        while (!_state.IsLost)
        {
            // 1.
            while (_client.HasMessage || _client.IsFull || _client.HasLongerThan(longest))
            {
                var message = await _client.ReadAsync(longest, cancellationToken);
                if (message.Type is FrontendMessage.Terminate)
                {
                    await SayLastAsync(cancellationToken);
                    return;
                }

                if (!await TakeAsync(message, cancellationToken))
                {
                    return;
                }
            }

            // 2.
            if (_answersAreDue)
            {
                await AnswerAsync(cancellationToken);
            }

            // 3.
            if (!await HearAsync(cancellationToken))
            {
                return;
            }
        }
    }

    public ValueTask DisposeAsync() => _reads.DisposeAsync();

    /// <summary><c>false</c> when the session ends with it.</summary>
    private async ValueTask<bool> TakeAsync(WireMessage message, CancellationToken cancellationToken)
    {
        if (_backend.IsSkipping && IsDroppedAfterErrors(message.Type))
        {
            return true;
        }

        try
        {
            await DispatchAsync(message, cancellationToken);
        }
        catch (ProtocolViolation wrong) when (!wrong.IsFatal)
        {
            Refuse(new Refusal(wrong.SqlState, wrong.Message), message.Type);
        }

        return !_state.IsLost;
    }

    /// <summary>
    /// What cannot be read is an error like any other. No Sync follows a query, so the answer to it ends with its own.
    /// </summary>
    private void Refuse(Refusal why, byte type)
    {
        if (_backend.IsSkipping)
        {
            return;
        }

        _state.ProvokeFailure(why);
        if (type is FrontendMessage.Query && !_state.IsLost)
        {
            _backend.Sync(isRelayed: true);
            _answersAreDue = true;
        }
    }

    private async ValueTask DispatchAsync(WireMessage message, CancellationToken cancellationToken)
    {
        switch (message.Type)
        {
            case FrontendMessage.Query:
                await _simple.RunAsync(message, cancellationToken);
                _answersAreDue = true;
                break;
            case FrontendMessage.Parse:
                await _extended.ParseAsync(message, cancellationToken);
                break;
            case FrontendMessage.Bind:
                await _extended.BindAsync(message, cancellationToken);
                break;
            case FrontendMessage.Describe:
                await _extended.DescribeAsync(message, cancellationToken);
                break;
            case FrontendMessage.Execute:
                await _extended.ExecuteAsync(message, cancellationToken);
                break;
            case FrontendMessage.Close:
                await _extended.CloseAsync(message, cancellationToken);
                break;
            case FrontendMessage.Sync:
                _texts.OnSync();
                _backend.Sync(isRelayed: true);
                _answersAreDue = true;
                break;
            case FrontendMessage.Flush:
                _backend.Out.WriteFlush();
                _answersAreDue = true;
                break;
            case FrontendMessage.CopyData or FrontendMessage.CopyDone or FrontendMessage.CopyFail:
                // What a client still sends of a COPY that failed; the server ignores it as well.
                break;
            case FrontendMessage.FunctionCall:
                await RefuseFunctionCallAsync(cancellationToken);
                break;
            default:
                throw new ProtocolViolation($"invalid frontend message type {message.Type}") { IsFatal = true };
        }
    }

    /// <summary>It runs a function by its number, without a text that anybody could read.</summary>
    private async ValueTask RefuseFunctionCallAsync(CancellationToken cancellationToken)
    {
        // As any other message it is dropped after an error, which may still be on its way.
        _backend.Out.WriteFlush();
        await _backend.SettleAsync(cancellationToken);
        if (_backend.IsSkipping)
        {
            return;
        }

        _state.ProvokeFailure(new Refusal(
            Refusal.FeatureNotSupported, "Function calls by number do not pass through this gateway.")
        {
            Hint = "Call the function with SELECT.",
        });
        _texts.OnSync();
        _backend.Sync(isRelayed: true);
        _answersAreDue = true;
    }

    /// <summary>A client that said good-bye may still read what it asked before.</summary>
    private async ValueTask SayLastAsync(CancellationToken cancellationToken)
    {
        if (_answersAreDue)
        {
            await AnswerAsync(cancellationToken);
        }
    }

    private async ValueTask AnswerAsync(CancellationToken cancellationToken)
    {
        if (_backend.IsInPipeline)
        {
            // What was asked behind the last Sync is answered too, and the database would keep that to itself.
            _backend.Out.WriteFlush();
        }

        await _backend.SettleAsync(cancellationToken);
        await _client.FlushAsync(cancellationToken);
        _answersAreDue = false;
    }

    /// <summary>Waits for either side; <c>false</c> when the client is gone.</summary>
    private async ValueTask<bool> HearAsync(CancellationToken cancellationToken)
    {
        var heard = _client.ListenAsync();
        // What came between the last look and this one is here already, and nothing more may follow it.
        if (_client.HasMessage)
        {
            return true;
        }

        if (heard.IsCompleted)
        {
            // A client that is always ahead would keep the thread, which may be the one that serves other sockets.
            await Task.Yield();
        }

        while (!heard.IsCompleted)
        {
            var unasked = _backend.ListenAsync(cancellationToken);
            if (await Task.WhenAny(heard, unasked) == unasked && !heard.IsCompleted)
            {
                await _backend.TakeUnaskedAsync(cancellationToken);
                await _client.FlushAsync(cancellationToken);
            }
        }

        return await heard || _client.IsFull;
    }

    private static bool IsDroppedAfterErrors(byte type) => type
        is FrontendMessage.Parse or FrontendMessage.Bind or FrontendMessage.Describe or FrontendMessage.Execute
        or FrontendMessage.Close or FrontendMessage.Flush;
}
