using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// The sessions this node serves right now. Any other node, or this one after a restart, can take them up.
/// </summary>
internal sealed class McpSessions : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, McpSession> _sessions = new();

    /// <summary>Sessions whose upstream connection is being opened for the first time.</summary>
    private readonly ConcurrentDictionary<McpSession, byte> _beginning = new();

    /// <summary>Sessions that are being ended without anybody waiting; stopping waits for them.</summary>
    private readonly ConcurrentDictionary<Task, byte> _ending = new();

    private readonly EndedSessions _ended;
    private readonly SessionSeal _seal;
    private readonly Upstreams _upstreams;
    private readonly McpLimits _limits;
    private readonly TimeProvider _time;
    private readonly ITimer _sweeper;

    public McpSessions(SessionSeal seal, Upstreams upstreams, McpLimits limits, TimeProvider time)
    {
        _seal = seal;
        _upstreams = upstreams;
        _limits = limits;
        _time = time;
        _ended = new EndedSessions(limits.EndedSessions);
        _sweeper = time.CreateTimer(_ => Sweep(limits.IdleSession), state: null, SweepInterval, SweepInterval);
    }

    /// <summary>
    /// Opens a session: the upstream server is asked first, because its version and capabilities decide the answer.
    /// <c>null</c> when this node has no room.
    /// </summary>
    /// <exception cref="UpstreamException">The server cannot be reached, or refuses.</exception>
    public async Task<(string Id, McpSession Session, UpstreamConnection Upstream)?> BeginAsync(
        SessionTicket ticket, McpOptions options, CancellationToken cancellationToken)
    {
        if (!HasRoom(ticket.Asker.Agent))
        {
            return null;
        }

        var session = new McpSession(ticket, options, _upstreams, _limits, _time);
        _beginning[session] = 0;
        try
        {
            var upstream = await session.ConnectAsync(cancellationToken);
            session.Agree(ProtocolVersions.Common(ticket.Version, upstream.Version));
            var id = _seal.Seal(session.Ticket);
            session.Touch();
            _sessions[id] = session;
            return (id, session, upstream);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
        finally
        {
            _beginning.TryRemove(session, out _);
        }
    }

    /// <summary>The session of an id, if it is this visitor's; everybody else's is unknown.</summary>
    public McpSession? Find(string id, Visitor visitor)
    {
        if (_ended.Contains(id))
        {
            return null;
        }

        // A changed configuration of the target does not end sessions; it replaces their connections.
        if (!_sessions.TryGetValue(id, out var session) || !ReferenceEquals(session.Options, visitor.Options))
        {
            session = Resume(id, visitor, session);
        }

        if (session is null || session.Asker != visitor.Asker || session.Ticket.Target != visitor.Target.Name)
        {
            return null;
        }

        session.Touch();
        return session;
    }

    /// <summary>
    /// What the requests without a session of one visitor share: an upstream connection and what was learnt over it.
    /// <c>null</c> when this node has no room.
    /// </summary>
    public McpSession? FindStateless(Visitor visitor)
    {
        // No header can hold the separator, so that no client can name this as a session of its own.
        var key = $"\0{visitor.Asker.Agent}\0{visitor.Asker.OnBehalfOf}\0{visitor.Target.Name}";
        if (!_sessions.TryGetValue(key, out var session) || !ReferenceEquals(session.Options, visitor.Options))
        {
            session = HasRoom(visitor.Asker.Agent)
                ? Put(key, SessionTicket.Stateless(visitor, _time.GetUtcNow()), visitor, session)
                : null;
        }

        session?.Touch();
        return session;
    }

    public async Task EndAsync(string id, McpSession session)
    {
        _ended.Add(id);
        _sessions.TryRemove(id, out _);
        await session.EndAsync();
    }

    /// <summary>Ends the sessions of an agent that was stopped; what is being executed ends by itself.</summary>
    public void Cut(AgentId agent)
    {
        foreach (var (id, session) in _sessions)
        {
            if (session.Asker.Agent == agent && _sessions.TryRemove(id, out _))
            {
                _ended.Add(id);
                Own(session.CutAsync());
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sweeper.DisposeAsync();
        await Task.WhenAll(_ending.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // All at once: each may wait for a server that does not listen to its goodbye.
        await Task.WhenAll(_sessions.Values.Select(session => session.DisposeAsync().AsTask()));

        _seal.Dispose();
        _upstreams.Dispose();
    }

    private McpSession? Resume(string id, Visitor visitor, McpSession? replaced)
    {
        if (_seal.Open(id) is not { } ticket
            || ticket.Asker != visitor.Asker
            || ticket.Target != visitor.Target.Name
            || _time.GetUtcNow() - ticket.Issued > _limits.SessionLifetime
            || !HasRoom(visitor.Asker.Agent))
        {
            return null;
        }

        return Put(id, ticket, visitor, replaced);
    }

    private McpSession? Put(string id, SessionTicket ticket, Visitor visitor, McpSession? replaced)
    {
        var fresh = new McpSession(ticket, visitor.Options, _upstreams, _limits, _time);
        if (replaced is null)
        {
            return _sessions.GetOrAdd(id, fresh);
        }

        if (_sessions.TryUpdate(id, fresh, replaced))
        {
            Own(replaced.EndAsync());
        }

        return _sessions.GetValueOrDefault(id);
    }

    private void Own(Task ending)
    {
        _ending[ending] = 0;
        _ = ending.ContinueWith(done => _ending.TryRemove(done, out var _), TaskScheduler.Default);
    }

    /// <summary>Whether one more session of the agent fits in; idle ones give way.</summary>
    private bool HasRoom(AgentId agent)
    {
        if (Count() >= _limits.Sessions)
        {
            Sweep(TimeSpan.FromSeconds(30));
        }

        if (CountOf(agent) >= _limits.SessionsPerAgent)
        {
            LetLongestIdleGo(agent);
        }

        return Count() < _limits.Sessions && CountOf(agent) < _limits.SessionsPerAgent;
    }

    private int Count() => _sessions.Count + _beginning.Count;

    private int CountOf(AgentId agent) =>
        _sessions.Values.Concat(_beginning.Keys).Count(session => session.Asker.Agent == agent);

    private void LetLongestIdleGo(AgentId agent)
    {
        var idle = _sessions.Where(entry => entry.Value.Asker.Agent == agent && !entry.Value.IsBusy);
        foreach (var entry in idle.OrderBy(entry => entry.Value.LastUsed).Take(1))
        {
            LetGo(entry);
        }
    }

    /// <summary>Forgets sessions that do nothing; their ids bring them back.</summary>
    private void Sweep(TimeSpan idle)
    {
        foreach (var entry in _sessions)
        {
            if (!entry.Value.IsBusy && _time.GetElapsedTime(entry.Value.LastUsed) > idle)
            {
                LetGo(entry);
            }
        }
    }

    private void LetGo(KeyValuePair<string, McpSession> entry)
    {
        if (entry.Value.TryLetGo() && _sessions.TryRemove(entry))
        {
            Own(entry.Value.EndAsync());
        }
    }

    /// <summary>The most recently ended ids, by their hashes; older ones are forgotten first.</summary>
    private sealed class EndedSessions(int capacity)
    {
        private readonly ConcurrentDictionary<string, byte> _hashes = new();
        private readonly ConcurrentQueue<string> _order = new();

        public bool Contains(string id) => !_hashes.IsEmpty && _hashes.ContainsKey(HashOf(id));

        public void Add(string id)
        {
            var hash = HashOf(id);
            if (_hashes.TryAdd(hash, 0))
            {
                _order.Enqueue(hash);
            }

            while (_order.Count > capacity && _order.TryDequeue(out var oldest))
            {
                _hashes.TryRemove(oldest, out _);
            }
        }

        private static string HashOf(string id) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
    }
}
