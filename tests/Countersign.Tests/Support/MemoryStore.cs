using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>
/// A store in memory for tests of what stands before it: conditional writes, attachment and definitions as the port
/// says, entries kept as they came, and no ledger behind them.
/// </summary>
internal sealed partial class MemoryStore(TimeProvider time) : IStore
{
    // Guards everything below; Changes is announced after it was released.
    private readonly Lock _lock = new();
    private readonly Dictionary<ActionId, Kept> _actions = [];
    private readonly Dictionary<(TargetName, string), DefinitionRow> _definitions = [];
    private readonly List<EntryDraft> _entries = [];
    private readonly Dictionary<AgentId, AgentStop> _stops = [];
    private readonly Dictionary<long, RecordingWindow> _windows = [];
    private readonly MemoryPasskeys _passkeys = new();
    private PolicyInForce? _policy;

    public DateTimeOffset Now => time.GetUtcNow();

    public ChangeFeed Changes { get; } = new();

    public IReadJournal? Journal => null;

    /// <summary>Every entry committed so far, in order.</summary>
    public ImmutableArray<EntryDraft> Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries];
            }
        }
    }

    public ImmutableArray<ActionRow> Actions
    {
        get
        {
            lock (_lock)
            {
                return [.. _actions.Values.Select(kept => kept.Row)];
            }
        }
    }

    public ImmutableArray<StoredAction> StoredActions
    {
        get
        {
            lock (_lock)
            {
                return [.. _actions.Values.Select(kept => kept.ToStored())];
            }
        }
    }

    public Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken)
    {
        CommitResult result;
        lock (_lock)
        {
            result = WhyNot(change) is { } reason ? new CommitResult.Conflict(reason) : Apply(change);
        }

        if (result is CommitResult.Committed)
        {
            foreach (var (row, _) in WritesOf(change))
            {
                Changes.Announce(new ActionChanged(row.Id, row.State, row.Version));
            }
        }

        return Task.FromResult(result);
    }

    public Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_actions.TryGetValue(id, out var kept) ? kept.ToStored() : null);
        }
    }

    public Task<ImmutableArray<StoredAction>> FindAttachableAsync(
        AttachKey key, Func<AttachableAction, bool> isOfUse, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<ImmutableArray<StoredAction>>([.. _actions.Values
                .Where(kept => kept.Row.Key == key && IsAttachable(kept.Row)
                    && isOfUse(new AttachableAction(
                        kept.Row.Id, kept.Row.State, kept.Row.Execution?.StartedAt)))
                .OrderByDescending(kept => kept.Row.CreatedAt)
                .Select(kept => kept.ToStored())]);
        }
    }

    public Task<StoredAction?> FindByIdempotencyAsync(string idempotencyHash, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(
                _actions.Values.FirstOrDefault(kept => kept.Row.IdempotencyHash == idempotencyHash)?.ToStored());
        }
    }

    public Task<AgentLoad> LoadOfAsync(AgentId agent, DateTimeOffset since, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var own = _actions.Values.Select(kept => kept.Row).Where(row => row.Agent == agent).ToList();
            return Task.FromResult(new AgentLoad(
                own.Count(row => row.State == ActionState.Pending),
                own.Count(row => row.CreatedAt >= since && !row.Tracks.IsEmpty)));
        }
    }

    public Task<ImmutableArray<ActionId>> FindDueAsync(int limit, CancellationToken cancellationToken) =>
        IdsAsync(row => row.NextDeadline <= Now, limit);

    public Task<ImmutableArray<ActionId>> FindUntakenAsync(int limit, CancellationToken cancellationToken) =>
        IdsAsync(
            row => row is { State: ActionState.Approved, Detached: true, LastOutcome: null }, limit);

    public Task<ImmutableArray<ActionId>> FindOrphansAsync(
        NodeId self, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<ActionId>>([]);

    /// <summary>Every node of a test counts as alive, as in <see cref="FindOrphansAsync"/>.</summary>
    public Task<ImmutableArray<RecordingWindow>> FindLostWindowsAsync(
        NodeId self, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<RecordingWindow>>([]);

    public Task<ImmutableArray<RecordingWindow>> FindWindowsAsync(
        NodeId node, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<ImmutableArray<RecordingWindow>>([.. _windows.Values
                .Where(window => window.Node == node).OrderBy(window => window.Entry).Take(limit)]);
        }
    }

    public Task<DefinitionRow?> FindDefinitionAsync(
        TargetName target, string name, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_definitions.GetValueOrDefault((target, name)));
        }
    }

    public Task<AgentStop?> FindStopAsync(AgentId agent, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_stops.GetValueOrDefault(agent));
        }
    }

    public Task<ImmutableArray<AgentStop>> FindStopsAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<ImmutableArray<AgentStop>>(
                [.. _stops.Values.OrderBy(stop => stop.Agent.Value, StringComparer.Ordinal)]);
        }
    }

    public Task<ImmutableArray<ActionId>> FindOpenAsync(
        AgentId agent, int limit, CancellationToken cancellationToken) =>
        IdsAsync(row => row.Agent == agent && (row.IsOpen || row.State == ActionState.Executing), limit);

    public Task<PolicyInForce?> FindPolicyAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_policy);
        }
    }

    public Task<ImmutableArray<PasskeyRow>> FindPasskeysAsync(
        PasskeyFilter filter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_passkeys.List(filter));
        }
    }

    public Task<string?> WhyUnavailableAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<ImmutableArray<ActionId>> IdsAsync(Func<ActionRow, bool> condition, int limit)
    {
        lock (_lock)
        {
            return Task.FromResult<ImmutableArray<ActionId>>([.. _actions.Values
                .Select(kept => kept.Row)
                .Where(condition)
                .OrderBy(row => row.NextDeadline)
                .Take(limit)
                .Select(row => row.Id)]);
        }
    }

    private bool IsAttachable(ActionRow row) => row.State switch
    {
        ActionState.Pending or ActionState.Approved or ActionState.Executing => true,
        ActionState.Denied => row.DeniedUntil > Now,
        _ => row is { LastOutcome: not null, Delivered: false },
    };

    private ConflictReason? WhyNot(Change change)
    {
        if (change.NotAfter <= Now)
        {
            return ConflictReason.TooLate;
        }

        if (change.OnlyUnderPolicy is { } policy && _policy is { } current && current.Hash != policy)
        {
            return ConflictReason.StalePolicy;
        }

        return WhyNotFor(change) ?? WritesOf(change).Select(WhyNot).FirstOrDefault(reason => reason is not null);
    }

    private ConflictReason? WhyNotFor(Change change) => true switch
    {
        _ when change.OnlyIfActive is { } agent && _stops.ContainsKey(agent) => ConflictReason.AgentStopped,
        _ when change.Stop is { } agent && _stops.ContainsKey(agent) => ConflictReason.AgentStopped,
        _ when change.Lift is { } lift && _stops.GetValueOrDefault(lift.Agent)?.Entry != lift.Entry =>
            ConflictReason.NotStopped,
        _ when change.OnlyFirstOf is { } action && _entries.Exists(entry => entry.Action == action) =>
            ConflictReason.AlreadyRecorded,
        _ when change.Window is WindowWrite.Ends ends && !_windows.ContainsKey(ends.Window) =>
            ConflictReason.WindowEnded,
        _ when WhyNotUnder(change.OnlyUnderRoster) is { } reason => reason,
        _ => _passkeys.WhyNot(change.Passkey) ?? WhyNotLinked(change.Account)
            ?? WhyNotFavoured(change.OnlyWithoutFavour),
    };

    private static IEnumerable<ActionWrite> WritesOf(Change change) =>
        change.Withdrawn.Prepend(change.Action).OfType<ActionWrite>();

    private ConflictReason? WhyNot(ActionWrite write)
    {
        var row = write.Row;
        if (write.ExpectedVersion > 0)
        {
            return _actions.GetValueOrDefault(row.Id)?.Row.Version == write.ExpectedVersion
                ? null
                : ConflictReason.VersionMoved;
        }

        var others = _actions.Values.Select(kept => kept.Row).ToList();
        return true switch
        {
            _ when others.Any(other => other.Id == row.Id) => ConflictReason.VersionMoved,
            _ when row.IdempotencyHash is { } hash && others.Any(other => other.IdempotencyHash == hash) =>
                ConflictReason.IdempotencyKeyUsed,
            _ when row.IsOpen && others.Any(other => other.IsOpen && other.Key == row.Key) =>
                ConflictReason.AlreadyOpen,
            _ => null,
        };
    }

    private CommitResult.Committed Apply(Change change)
    {
        NotePolicy(change.NewPolicy);
        _policy = change.NewPolicy is { } hash
            ? new PolicyInForce(hash, (_policy?.Epoch ?? 0) + 1, Entry: null)
            : _policy;
        foreach (var definition in change.Definitions)
        {
            _definitions[(definition.Target, definition.Name)] = definition;
        }

        var at = Now;
        var first = _entries.Count;
        _entries.AddRange(change.Entries);
        foreach (var write in WritesOf(change))
        {
            _actions[write.Row.Id] = (_actions.GetValueOrDefault(write.Row.Id) ?? Kept.Nothing)
                .After(write.Row, change, new LedgerPosition(_entries.Count - 1, _entries.Count, at));
        }

        ApplyStops(change, first);
        ApplyWindow(change, first);
        _passkeys.Apply(change, first, at);
        ApplyChannels(change, first);
        ApplyFavours(change);
        ApplyRoster(change, first);

        return new CommitResult.Committed(
            [.. Enumerable.Range(first, change.Entries.Length).Select(index => (long)index)], _entries.Count, at);
    }

    private void ApplyStops(Change change, int first)
    {
        if (change.Lift is { } lift)
        {
            _stops.Remove(lift.Agent);
        }

        if (change.Stop is { } agent)
        {
            var index = change.Entries.ToList().FindIndex(entry => entry.Type == EntryType.AgentStopped);
            _stops[agent] = new AgentStop(agent, Now, first + index, change.Entries[index].Payload);
        }
    }

    private void ApplyWindow(Change change, int first)
    {
        switch (change.Window)
        {
            case WindowWrite.Opens opens:
                var entry = first + change.Entries.ToList().FindIndex(each => each.Type == EntryType.RecordingWindow);
                _windows[entry] = new RecordingWindow(
                    entry, opens.Target, opens.Node, opens.Reads, Recorded: 0, opens.Until);
                break;
            case WindowWrite.Records records when _windows.GetValueOrDefault(records.Window) is { } window:
                _windows[records.Window] = window with { Recorded = window.Recorded + records.Reads };
                break;
            case WindowWrite.Ends ends:
                _windows.Remove(ends.Window);
                break;
        }
    }

    private sealed record Kept(ActionRow Row)
    {
        public static Kept Nothing { get; } = new((ActionRow)null!);

        private ImmutableArray<StoredVote> Votes { get; init; } = [];

        private ReadOnlyMemory<byte> Request { get; init; }

        private ReadOnlyMemory<byte>? Outcome { get; init; }

        private ReadOnlyMemory<byte>? Ending { get; init; }

        private ReadOnlyMemory<byte>? Intent { get; init; }

        private LedgerPosition Position { get; init; } = new(0, 0, default);

        public StoredAction ToStored() => new(Row, Votes, Request, Outcome, Ending, Position)
        {
            Intent = Row.Execution is null ? null : Intent,
        };

        public Kept After(ActionRow row, Change change, LedgerPosition position)
        {
            var next = this with { Row = row, Position = change.Entries.IsEmpty ? Position : position };
            foreach (var entry in change.Entries)
            {
                next = next.Take(entry);
            }

            var votes = change.Votes.Zip(
                change.Entries.Where(entry => entry.Type
                    is EntryType.ReviewVote or EntryType.ReviewModified or EntryType.ReviewOpened
                    or EntryType.BreakGlassUsed),
                (vote, entry) => new StoredVote(vote, entry.Payload));
            return next with { Votes = next.Votes.AddRange(votes) };
        }

        private Kept Take(EntryDraft entry) => entry.Type switch
        {
            EntryType.ActionRequested or EntryType.ActionRefused
                or EntryType.ActionExecuted or EntryType.ReviewModified => this with { Request = entry.Payload },
            EntryType.ExecutionIntent => this with { Intent = entry.Payload },
            EntryType.ExecutionOutcome => this with { Outcome = entry.Payload },
            EntryType.ReviewDecided or EntryType.ReviewExpired or EntryType.ActionWithdrawn
                or EntryType.AgentStopped => this with { Ending = entry.Payload },
            _ => this,
        };
    }
}
