using System.Collections.Concurrent;
using Countersign.Core.Identity;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Gates.Postgres.Detached;

/// <summary>
/// Sessions of the gate's own, each with a login that nobody else has, for one piece of work. They count among the
/// sessions of agents, and are cut with those of their agent.
/// </summary>
internal sealed class DetachedSessions(
    PostgresGateOptions options, ConcurrentDictionary<LiveSession, AgentId> sessions, CancellationToken over)
{
    private readonly ConcurrentDictionary<Task, bool> _uses = new();

    /// <summary>Ends when nothing uses a session any more.</summary>
    public Task WhenUnusedAsync() =>
        Task.WhenAll(_uses.Keys).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    /// <exception cref="NoSessionException">There is none to be had.</exception>
    public Task<T> UseAsync<T>(DetachedWork<T> work, CancellationToken cancellationToken)
    {
        var use = UseNowAsync(work, cancellationToken);
        _uses[use] = true;
        _ = use.ContinueWith(
            done => _uses.TryRemove(done, out var _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return use;
    }

    private async Task<T> UseNowAsync<T>(DetachedWork<T> work, CancellationToken cancellationToken)
    {
        if ((WhyNone(work.Visitor.Asker.Agent) ?? WhyFull()) is { } why)
        {
            throw new NoSessionException(why);
        }

        var rights = work.Visitor.Database.Rights;
        Lease? lease = null;
        try
        {
            lease = await rights.LeaseAsync(cancellationToken);
            await using var database = await work.Visitor.Database.ConnectAsync(
                lease, ParametersOf(work), cancellationToken);
            return await UseAsync(work, new Seat(work.Visitor, lease), database, cancellationToken);
        }
        catch (Exception failure) when (failure is RightsException or DatabaseLoginException)
        {
            throw new NoSessionException(failure.Message, failure);
        }
        finally
        {
            if (lease is not null)
            {
                await rights.ReturnAsync(lease, CancellationToken.None);
            }
        }
    }

    private async Task<T> UseAsync<T>(
        DetachedWork<T> work, Seat seat, DatabaseConnection database, CancellationToken cancellationToken)
    {
        using var reader = new WireReader(Stream.Null);
        using var writer = new WireWriter(work.Answers);
        await using var live = new LiveSession(seat, new Client(reader, writer), database, options);
        sessions[live] = seat.Visitor.Asker.Agent;
        try
        {
            // Whoever was stopped before the session was in the list has to be noticed here.
            return WhyNone(seat.Visitor.Asker.Agent) is { } why
                ? throw new NoSessionException(why)
                : await live.UseAsync((state, limit) => work.DoAsync(live, state, limit), cancellationToken);
        }
        finally
        {
            sessions.TryRemove(live, out var _);
        }
    }

    private string? WhyNone(AgentId agent) => 0 switch
    {
        _ when over.IsCancellationRequested => "This gateway is being stopped.",
        _ when options.Stopped.Contains(agent) => "People stopped the agent.",
        _ => null,
    };

    private string? WhyFull() => sessions.Count >= options.Limits.Sessions
        ? $"This gateway has its limit of {options.Limits.Sessions} sessions."
        : null;

    private static AgentParameters ParametersOf<T>(DetachedWork<T> work) => new(
        work.Visitor.Asker.Agent.Value,
        work.Visitor.Target.Name.Value,
        new Dictionary<string, string> { ["application_name"] = work.Name },
        []);
}

/// <summary>What is to be done in a session of its own.</summary>
/// <param name="Visitor">For whom, at which target.</param>
/// <param name="Name">As the database lists the session.</param>
/// <param name="Answers">Where a client would read.</param>
/// <param name="DoAsync">The work; it ends early when its token says so.</param>
internal sealed record DetachedWork<T>(
    Visitor Visitor, string Name, Stream Answers, Func<LiveSession, SessionState, CancellationToken, Task<T>> DoAsync);

/// <summary>There is no session to be had, and nothing was sent.</summary>
internal sealed class NoSessionException(string text, Exception? cause = null) : Exception(text, cause);
