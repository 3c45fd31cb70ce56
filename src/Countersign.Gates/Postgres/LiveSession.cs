using Countersign.Core.Storage;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Postgres;

/// <summary>Who sits where: the visitor, and the login that is theirs.</summary>
internal sealed record Seat(Visitor Visitor, Lease Lease);

/// <summary>A session as the gate holds it: it can be cancelled and cut from outside while it runs.</summary>
internal sealed class LiveSession : IAsyncDisposable
{
    private readonly Client _client;
    private readonly DatabaseConnection _database;
    private readonly SessionState _state;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _cut = new();
    private readonly Lock _lock = new();

    // All three are guarded by the lock.
    private Refusal? _whyCut;
    private Task _cancelling = Task.CompletedTask;
    private bool _isOver;

    /// <summary>What the client knows the session by, and the log.</summary>
    private int _processId;

    public LiveSession(Seat seat, Client client, DatabaseConnection database, PostgresGateOptions options)
    {
        (_client, _database) = (client, database);
        _log = options.Loggers.CreateLogger<LiveSession>();
        _state = new SessionState(seat, client, new Backend(database, client, options.Limits), options)
        {
            CancelStatement = CancelStatement,
            CancelsHeard = CancelsHeardAsync,
        };
        _state.Backend.Words = _state.Masks?.Words;
    }

    /// <summary>What a client waits for after it proved who it is.</summary>
    public async Task WelcomeAsync(CancelKey key, AgentParameters wanted, CancellationToken cancellationToken)
    {
        _processId = key.ProcessId;
        foreach (var (name, value) in _database.Parameters)
        {
            _client.Out.WriteParameterStatus(name, value);
        }

        foreach (var ignored in wanted.Ignored)
        {
            _client.Notice($"the start-up parameter \"{ignored}\" is not passed on");
        }

        _client.Out.WriteBackendKeyData(key.ProcessId, key.Key);
        _client.Out.WriteReadyForQuery(TransactionStatus.Idle);
        await _client.FlushAsync(cancellationToken);
    }

    /// <summary>Runs to the end of the session, which its client is told if it still listens.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, cancellationToken);
        // It ends behind its last words, because what was read is recorded before they leave.
        await using var session = new PostgresSession(_state);
        Refusal? last = null;
        try
        {
            await session.RunAsync(either.Token);
            if (_state.IsLost)
            {
                await _client.FlushAsync(CancellationToken.None);
            }
        }
        catch (StoreUnavailableException unrecorded)
        {
            last = PostgresAnswers.Unavailable(unrecorded.Message) with { IsFatal = true };
        }
        catch (OperationCanceledException) when (_whyCut is not null)
        {
            last = _whyCut;
        }
        catch (ProtocolViolation violation)
        {
            last = new Refusal(violation.SqlState, violation.Message) { IsFatal = true };
        }
        catch (BackendLost lost)
        {
            last = new Refusal(Refusal.ConnectionFailure, "The connection to the database is lost.")
            {
                Detail = lost.Message,
                Hint = "Connect again. Look at the data before you repeat what was under way.",
                IsFatal = true,
            };
        }
        catch (Exception unforeseen) when (!PostgresGate.IsEndOfConnection(unforeseen))
        {
            _log.SessionFailed(unforeseen, _processId, _state.Asker.Agent, _state.Target.Name);
            last = PostgresAnswers.Unforeseen(_processId, _state.IsEndUntold || !_state.Backend.IsSettled);
        }

        if (last is not null)
        {
            await SayLastAsync(last);
        }
    }

    /// <summary>What was read before leaves in front of it, unless that is not in the record.</summary>
    private async Task SayLastAsync(Refusal last)
    {
        try
        {
            await _client.BeforeBytesLeave(CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            _client.Out.Dispose();
        }

        _client.BeforeBytesLeave = static _ => ValueTask.CompletedTask;
        _client.Say(last);
        await _client.FlushAsync(CancellationToken.None);
    }

    /// <summary>
    /// Lets the gate itself use the session, which then has no client; a cut ends what runs there as a limit does.
    /// </summary>
    public async Task<T> UseAsync<T>(
        Func<SessionState, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, cancellationToken);
        return await work(_state, either.Token);
    }

    /// <summary>Why it was cut; <c>null</c> when it was not.</summary>
    public Refusal? WhyCut
    {
        get
        {
            lock (_lock)
            {
                return _whyCut;
            }
        }
    }

    /// <summary>
    /// What the client's CancelRequest asks for: it does not wait any more, or what runs is cancelled.
    /// </summary>
    public void Cancel()
    {
        lock (_lock)
        {
            if (!_isOver && _state.Hold?.TryLeave() != true)
            {
                _cancelling = CancelAsync(_cancelling);
            }
        }
    }

    /// <summary>Whatever waits: what runs at the database is cancelled there.</summary>
    private void CancelStatement()
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                _cancelling = CancelAsync(_cancelling);
            }
        }
    }

    private Task CancelsHeardAsync()
    {
        lock (_lock)
        {
            return _cancelling;
        }
    }

    /// <summary>Ends the session: what waits does not wait any more, and what runs is cancelled.</summary>
    public void Cut(Refusal why)
    {
        Cancel();
        lock (_lock)
        {
            if (!_isOver)
            {
                _whyCut = why;
                _cut.Cancel();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task cancelling;
        lock (_lock)
        {
            _isOver = true;
            cancelling = _cancelling;
        }

        await cancelling;
        _cut.Dispose();
    }

    private async Task CancelAsync(Task earlier)
    {
        await earlier;
        try
        {
            await _database.CancelAsync(CancellationToken.None);
        }
        catch (DatabaseLoginException)
        {
            // It goes on then; whoever asked sees that it does.
        }
    }
}
