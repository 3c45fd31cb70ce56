using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Countersign.Gates.Postgres.Detached;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The PostgreSQL gate: agents connect to <c>postgresql://AGENT:TOKEN@host:port/TARGET</c> and work as if they were
/// connected to the database itself.
/// <list type="number">
/// <item>A connection proves whose it is, or cancels what another one does.</item>
/// <item>It gets a login of its own at the database, with the rights that every session of the target has.</item>
/// <item>The session runs until one of both sides goes, or people stop the agent.</item>
/// <item>The login goes back, and whatever it still had with it.</item>
/// </list>
/// </summary>
internal sealed class PostgresGate : IAsyncDisposable
{
    private readonly PostgresGateOptions _options;
    private readonly PostgresTargets _targets;
    private readonly AgentLogin _login;
    private readonly CancelKeys<LiveSession> _cancelKeys;
    private readonly ILogger _log;
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = new();
    private readonly ConcurrentDictionary<LiveSession, AgentId> _sessions = new();
    private readonly DetachedSessions _detachedSessions;
    private readonly DetachedStatements _detached;
    private Task _accepting = Task.CompletedTask;

    public PostgresGate(PostgresGateOptions options, PostgresParts parts)
    {
        _options = options;
        _log = options.Loggers.CreateLogger<PostgresGate>();
        _targets = new PostgresTargets(options, parts);
        _detachedSessions = new DetachedSessions(options, _sessions, _over.Token);
        _detached = new DetachedStatements(options, _targets, _detachedSessions);
        _cancelKeys = new CancelKeys<LiveSession>(options.Time);
        _login = new AgentLogin(new AgentLoginOptions
        {
            Find = FindAgentAsync,
            Recognise = async (shown, cancel) => (await AskerOfAsync(shown, cancel))?.Agent.Value,
            Limits = options.Limits,
            Time = options.Time,
            Tls = options.Tls,
        });
        options.Stopped.Stopped += Cut;
    }

    /// <summary>Where it listens; with port 0 in the options, the port it got.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Sessions that are open now, those of statements over the API among them.</summary>
    public int Sessions => _sessions.Count;

    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public void Start()
    {
        const int backlog = 512;
        RefuseUnrecordedMasks();
        _listener.Bind(_options.Listen);
        _listener.Listen(backlog);
        _accepting = AcceptAsync(_over.Token);
    }

    /// <summary>Configuration refuses this as well; nothing is masked that nobody wrote down.</summary>
    private void RefuseUnrecordedMasks()
    {
        if (_options.Charter().Targets.Values.FirstOrDefault(target => target is
            {
                Gate: GateKind.Postgres, Record: RecordMode.Behind, Redaction.IsNone: false,
            }) is { } target)
        {
            throw new InvalidOperationException(
                $"Target '{target.Name}' masks values, and 'record: behind' does not go with that; use 'with'.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _options.Stopped.Stopped -= Cut;
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var session in _sessions.Keys)
        {
            session.Cut(Shutdown());
        }

        await Task.WhenAll(_connections.Keys);
        await _detachedSessions.WhenUnusedAsync();
        await _targets.DisposeAsync();
        _over.Dispose();
    }

    /// <summary>Who executes an action of this gate that nobody waits for; <c>null</c> for others.</summary>
    public ActionExecutor? FindExecutor(ActionRecord action) => _detached.Find(action);

    /// <summary>Who runs an action of this gate and takes it back; <c>null</c> for others.</summary>
    public ActionRehearser? FindRehearser(ActionRecord action) => _detached.FindRehearser(action);

    /// <summary>A request over the API for a target of this gate, with what its statement does.</summary>
    public Task<(Asking? Asking, Problem? Problem)> CompleteAsync(
        Asking asked, CancellationToken cancellationToken) => _detached.CompleteAsync(asked, cancellationToken);

    /// <summary>Who can ask a target of this gate what became of a transaction; <c>null</c> for others.</summary>
    public ExecutionProver? FindProver(ActionRecord action) =>
        action.Gate == GateKind.Postgres && _options.Targets.ContainsKey(action.Action.Target) ? ProveAsync : null;

    private async Task<Proof> ProveAsync(ActionRecord orphan, Evidence evidence, CancellationToken cancellationToken)
    {
        if (evidence.Kind != RunSupport.EvidenceKind
            || !ulong.TryParse(evidence.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var transaction))
        {
            return Proof.Unknown;
        }

        var (target, whyNot) = await _targets.FindAsync(orphan.Action.Target, cancellationToken);
        if (target is null)
        {
            throw new RightsException(whyNot!.Message);
        }

        return await target.Rights.FateOfAsync(transaction, cancellationToken) switch
        {
            TransactionFate.Committed => Proof.TookEffect,
            TransactionFate.Aborted => Proof.TookNoEffect,
            TransactionFate.InProgress => Proof.Undecided,
            _ => Proof.Unknown,
        };
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(cancellationToken);
                socket.NoDelay = true;
                var serving = ServeAsync(socket, cancellationToken);
                _connections[serving] = true;
                _ = serving.ContinueWith(
                    done => _connections.TryRemove(done, out var _),
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException failure)
            {
                // One connection that failed while it came, or no room for another one: the next may do.
                _log.AcceptFailed(failure.Message);
            }
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        // The next connection is accepted meanwhile.
        await Task.Yield();
        try
        {
            var from = (socket.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
            // 1.
            switch (await _login.AcceptAsync(socket, cancellationToken))
            {
                case AgentArrival.Agent { Connection: var connection }:
                    await using (connection)
                    {
                        await ServeAsync(connection, cancellationToken);
                    }

                    break;
                case AgentArrival.Cancel cancel:
                    _cancelKeys.Find(cancel.ProcessId, cancel.Key, from)?.Cancel();
                    break;
                case AgentArrival.Refused refused:
                    _log.ConnectionRefused(refused.SqlState, refused.Reason);
                    break;
            }
        }
        catch (Exception failure) when (IsEndOfConnection(failure))
        {
            // Whoever was there is gone; what ran has its outcome.
            _log.ConnectionEnded(failure.Message);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            _log.ConnectionFailed(failure);
        }
    }

    private async Task ServeAsync(AgentConnection connection, CancellationToken cancellationToken)
    {
        var client = new Client(connection.Reader, connection.Writer);
        // Between the proof and now, other people and tokens may have come into force.
        if (await AskerOfAsync(connection, cancellationToken) is not { } asker)
        {
            await RefuseAsync(client, PostgresAnswers.Replaced);
            return;
        }

        var (target, refusal) = await AdmitAsync(asker, connection.Parameters.Database, cancellationToken);
        if (target is null)
        {
            await RefuseAsync(client, refusal!);
            return;
        }

        // 2.
        var name = new TargetName(connection.Parameters.Database);
        var visitor = new Visitor(asker, _options.Charter().FindTarget(name, asker.Agent)!, target);
        Lease? lease = null;
        try
        {
            lease = await target.Rights.LeaseAsync(cancellationToken);
            await using var database = await target.ConnectAsync(lease, connection.Parameters, cancellationToken);
            // 3.
            await RunAsync(connection, client, database, new Seat(visitor, lease), cancellationToken);
        }
        catch (Exception failure) when (failure is RightsException or DatabaseLoginException
            || (lease is null && failure is NpgsqlException or TimeoutException))
        {
            await RefuseAsync(client, Unreachable(name, failure));
        }
        finally
        {
            // 4.
            if (lease is not null)
            {
                await target.Rights.ReturnAsync(lease, CancellationToken.None);
            }
        }
    }

    private async Task RunAsync(
        AgentConnection connection,
        Client client,
        DatabaseConnection database,
        Seat seat,
        CancellationToken cancellationToken)
    {
        await using var live = new LiveSession(seat, client, database, _options);
        _sessions[live] = seat.Visitor.Asker.Agent;
        var key = _cancelKeys.Issue(live, connection.Minor);
        try
        {
            if (_options.Stopped.Contains(seat.Visitor.Asker.Agent))
            {
                await RefuseAsync(client, PostgresAnswers.Stopped("Its sessions are cut."));
                return;
            }

            await live.WelcomeAsync(key, connection.Parameters, cancellationToken);
            await live.RunAsync(cancellationToken);
        }
        finally
        {
            _cancelKeys.Withdraw(key);
            _sessions.TryRemove(live, out var _);
        }
    }

    private async Task<(PostgresTarget? Target, Refusal? WhyNot)> AdmitAsync(
        Asker asker, string database, CancellationToken cancellationToken) => 0 switch
    {
        _ when _options.Stopped.Contains(asker.Agent) =>
            (null, PostgresAnswers.Stopped("It gets no sessions before two persons let it go on.")),
        _ when _sessions.Count >= _options.Limits.Sessions => (null, new Refusal(
            Refusal.TooManyConnections, $"This gateway has its limit of {_options.Limits.Sessions} sessions.")
        {
            Hint = "Close connections that are not used, or try again later.",
            IsFatal = true,
        }),
        _ => await _targets.FindAsync(new TargetName(database), cancellationToken),
    };

    /// <summary>Who it may be, and whether the target is theirs: an agent learns nothing of other targets.</summary>
    private ValueTask<AgentAccount> FindAgentAsync(
        string user, string database, CancellationToken cancellationToken)
    {
        var secrets = _options.FindSecrets(user);
        var charter = _options.Charter();
        var isKnown = charter.People.Agents.FirstOrDefault(agent => agent.Id.Value == user) is { } agent
            && TargetName.TryParse(database, out var target)
            && _options.Targets.ContainsKey(target)
            && charter.FindTarget(target, agent.Id) is not null;
        return ValueTask.FromResult(new AgentAccount(
            [.. secrets.Select(secret => secret.Secret)],
            isKnown
                ? null
                : new Refusal(Refusal.UnknownTarget, $"database \"{database}\" does not exist")
                {
                    Detail = "The database of a connection names a target of gate 'postgres' that this agent may use.",
                    Hint = "Ask the people who run this gateway for the target's name.",
                    IsFatal = true,
                }.ToFields())
        {
            ShowsIssuedTokens = _options.ShowsIssuedTokens(user),
        });
    }

    /// <summary>Whom what an agent proved stands for now; <c>null</c> when it stands for nobody any more.</summary>
    private async ValueTask<Asker?> AskerOfAsync(AgentConnection connection, CancellationToken cancellationToken)
    {
        var user = connection.Parameters.User;
        return connection.Secret is AgentSecret.Shown { Presented: var shown }
            ? await AskerOfAsync(shown, cancellationToken) is { } asker && asker.Agent.Value == user ? asker : null
            : _options.FindSecrets(user)
                .FirstOrDefault(known => ReferenceEquals(known.Secret, connection.Secret))?.Asker;
    }

    private async ValueTask<Asker?> AskerOfAsync(Presented shown, CancellationToken cancellationToken) =>
        await _options.Authenticate(shown, cancellationToken) is Caller.OfAgent { Asker: var asker } ? asker : null;

    /// <summary>People stopped the agent: its sessions end wherever they are.</summary>
    private void Cut(AgentId agent)
    {
        foreach (var (session, whose) in _sessions)
        {
            if (whose == agent)
            {
                session.Cut(PostgresAnswers.Stopped("Its sessions are cut."));
            }
        }
    }

    private static async Task RefuseAsync(Client client, Refusal refusal)
    {
        client.Say(refusal with { IsFatal = true });
        await client.FlushAsync(CancellationToken.None);
    }

    private static Refusal Unreachable(TargetName name, Exception failure) => new(
        Refusal.ConnectionFailure, $"Target \"{name}\" cannot be used now.")
    {
        Detail = failure.Message,
        Hint = "Try again in a moment; if it stays so, tell the people who run this gateway.",
    };

    private static Refusal Shutdown() => new(Refusal.AdminShutdown, "This gateway is being stopped.")
    {
        Hint = "Connect again; what waits for approval goes on waiting.",
        IsFatal = true,
    };

    /// <summary>Whether it only says that one side of a connection is gone.</summary>
    public static bool IsEndOfConnection(Exception failure) => failure
        is IOException or SocketException or ObjectDisposedException or OperationCanceledException
        or ProtocolViolation or BackendLost or ClientGone;
}
