using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>The embedded store: one file, one process, one writer.</summary>
internal sealed class SqliteStore : IStore, IArchive
{
    private readonly SqliteStoreOptions _options;
    private readonly SqliteStoreParts _parts;

    private SqliteStore(SqliteStoreOptions options, SqliteStoreParts parts) =>
        (_options, _parts) = (options, parts);

    public DateTimeOffset Now => _parts.Clock.Now;

    public ChangeFeed Changes => _parts.Changes;

    public IReadJournal? Journal => _parts.Journal;

    /// <summary>
    /// Opens or makes the store, and refuses one that does not verify or is behind its head file. A key that is new is
    /// recorded before anything else.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The text names the file, the reason and the remedy.</exception>
    public static async Task<SqliteStore> OpenAsync(SqliteStoreOptions options, CancellationToken cancellationToken)
    {
        ShortHashes.Use();
        var store = new SqliteStore(options, await SqliteStoreParts.OpenAsync(options, cancellationToken));
        try
        {
            if (store._parts.SuccessionDue is { } succession && !options.IgnoresHeadFile)
            {
                await store.CommitAsync(KeyRotation.Of(succession), cancellationToken);
            }

            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether a file holds no entry yet, or does not exist: only then may missing keys be made.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read.</exception>
    public static bool IsEmpty(string path)
    {
        SystemSqlite.EnsureLoaded();
        return !File.Exists(path) || HeadRow.IsEmpty(path);
    }

    public async Task<CommitResult> CommitAsync(Change change, CancellationToken cancellationToken) =>
        await _parts.Writer.WriteAsync(new CommitWrite(SealedChange.Of(change, _options.Vault), cancellationToken));

    public Task<StoredAction?> FindAsync(ActionId id, CancellationToken cancellationToken) =>
        _parts.ReadActionsAsync(actions => actions.Find(id), cancellationToken);

    public Task<ImmutableArray<StoredAction>> FindAttachableAsync(
        AttachKey key, Func<AttachableAction, bool> isOfUse, CancellationToken cancellationToken) =>
        _parts.ReadActionsAsync(actions => actions.FindAttachable(key, isOfUse, Now), cancellationToken);

    public Task<StoredAction?> FindByIdempotencyAsync(string idempotencyHash, CancellationToken cancellationToken) =>
        _parts.ReadActionsAsync(actions => actions.FindByIdempotency(idempotencyHash), cancellationToken);

    public Task<AgentLoad> LoadOfAsync(AgentId agent, DateTimeOffset since, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => new AgentLoad(
                Count(session, "SELECT count(*) FROM action WHERE agent = ?1 AND state = 'pending'", agent.Value),
                Count(
                    session,
                    "SELECT count(*) FROM action WHERE agent = ?1 AND created_at >= ?2 AND tracks <> '[]'",
                    agent.Value,
                    since.UtcTicks)),
            cancellationToken);

    public Task<ImmutableArray<ActionId>> FindDueAsync(int limit, CancellationToken cancellationToken) => FindIdsAsync(
        "SELECT id FROM action WHERE next_deadline <= ?1 ORDER BY next_deadline, id LIMIT ?2",
        [Now.UtcTicks, limit],
        cancellationToken);

    public Task<ImmutableArray<ActionId>> FindUntakenAsync(int limit, CancellationToken cancellationToken) =>
        FindIdsAsync(
            "SELECT id FROM action WHERE state = 'approved' AND detached = 1 AND last_outcome IS NULL " +
            "ORDER BY id LIMIT ?1",
            [limit],
            cancellationToken);

    /// <summary>One process has the file, so whoever else began an execution is gone.</summary>
    public Task<ImmutableArray<ActionId>> FindOrphansAsync(
        NodeId self, int limit, CancellationToken cancellationToken) =>
        FindIdsAsync(
            "SELECT id FROM action WHERE state = 'executing' AND owner <> ?1 AND next_deadline IS NULL " +
            "ORDER BY id LIMIT ?2",
            [self.Value, limit],
            cancellationToken);

    public Task<ImmutableArray<RecordingWindow>> FindLostWindowsAsync(
        NodeId self, int limit, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(session => WindowTable.ListLost(session, self, limit), cancellationToken);

    public Task<ImmutableArray<RecordingWindow>> FindWindowsAsync(
        NodeId node, int limit, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(session => WindowTable.List(session, node, limit), cancellationToken);

    public Task<DefinitionRow?> FindDefinitionAsync(
        TargetName target, string name, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => session.Query(
                "SELECT fingerprint, definition FROM definition WHERE target = ?1 AND name = ?2",
                reader => ReadDefinition(target, name, new ColumnReader(reader)),
                target.Value,
                name).FirstOrDefault(),
            cancellationToken);

    public Task<AgentStop?> FindStopAsync(AgentId agent, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => StopTable.Find(session, new PayloadReader(session, _options.Vault), agent), cancellationToken);

    public Task<ImmutableArray<AgentStop>> FindStopsAsync(CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => StopTable.List(session, new PayloadReader(session, _options.Vault)), cancellationToken);

    public Task<ImmutableArray<ActionId>> FindOpenAsync(
        AgentId agent, int limit, CancellationToken cancellationToken) =>
        FindIdsAsync(StopTable.OpenOfAgent, [agent.Value, limit], cancellationToken);

    public Task<PolicyInForce?> FindPolicyAsync(CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(WriteConnection.ReadPolicy, cancellationToken);

    public Task<RosterInForce?> FindRosterAsync(CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(RosterTable.Find, cancellationToken);

    public Task<PolicyReplaced?> FindReplacedAsync(
        PolicyHash policy, DateTimeOffset since, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(session => PolicyTable.FindReplaced(session, policy, since), cancellationToken);

    public Task<ImmutableArray<PasskeyRow>> FindPasskeysAsync(
        PasskeyFilter filter, CancellationToken cancellationToken) =>
        _parts.ReadPasskeysAsync(filter, cancellationToken);

    public Task<ImmutableArray<Favour>> FindFavoursAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        _parts.ReadFavoursAsync(since, cancellationToken);

    public Task<ImmutableArray<OutboxRow>> TakeOutboxAsync(
        string channel, int limit, CancellationToken cancellationToken) =>
        _parts.Writer.WriteAsync(new CallWrite<ImmutableArray<OutboxRow>>(
            batch => OutboxTable.Take(batch, channel, limit), cancellationToken));

    public Task SettleOutboxAsync(long id, DateTimeOffset? retryAt, CancellationToken cancellationToken) =>
        _parts.Writer.WriteAsync(new CallWrite<int>(
            batch => OutboxTable.Settle(batch, id, retryAt), cancellationToken));

    public Task<string?> FindPostingAsync(string channel, ActionId action, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => (string?)session.Scalar(
                "SELECT place FROM posting WHERE channel = ?1 AND action = ?2", channel, action.Value),
            cancellationToken);

    public Task KeepPostingAsync(
        string channel, ActionId action, string place, CancellationToken cancellationToken) =>
        _parts.Writer.WriteAsync(new CallWrite<int>(
            batch => OutboxTable.KeepPosting(batch, channel, action, place), cancellationToken));

    public Task<AccountLink?> FindAccountAsync(AccountKey account, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => AccountTable.Find(session, new PayloadReader(session, _options.Vault), account),
            cancellationToken);

    public Task<ImmutableArray<AccountLink>> FindAccountsAsync(CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => AccountTable.List(session, new PayloadReader(session, _options.Vault)), cancellationToken);

    public Task<ImmutableArray<Membership>> SettleMembershipsAsync(
        ImmutableArray<(PersonId Person, GroupName Group)> present, CancellationToken cancellationToken) =>
        _parts.Writer.WriteAsync(new CallWrite<ImmutableArray<Membership>>(
            batch => MembershipTable.Settle(batch, present), cancellationToken));

    public Task<OnceState> BeginOnceAsync(string key, DateTimeOffset until, CancellationToken cancellationToken) =>
        _parts.Writer.WriteAsync(new CallWrite<OnceState>(
            batch => OnceTable.Begin(batch, key, until), cancellationToken));

    public Task EndOnceAsync(string key, DateTimeOffset? doneUntil, CancellationToken cancellationToken) =>
        _parts.Writer.WriteAsync(new CallWrite<int>(
            batch => OnceTable.End(batch, key, doneUntil), cancellationToken));

    /// <summary>Commits the time: a transaction through the same queue, file and disk as every other.</summary>
    public async Task<string?> WhyUnavailableAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _parts.Writer.WriteAsync(new CallWrite<bool>(static _ => true, cancellationToken));
            return null;
        }
        catch (StoreUnavailableException e)
        {
            return e.Message;
        }
    }

    public Task<ImmutableArray<StoredAction>> ListAsync(ActionFilter filter, CancellationToken cancellationToken) =>
        _parts.ReadActionsAsync(actions => actions.List(filter), cancellationToken);

    public Task<ImmutableDictionary<ActionState, long>> CountStatesAsync(CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(SqliteArchive.CountStates, cancellationToken);

    public Task<string?> ReadCheckpointAsync(CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(SqliteArchive.ReadCheckpoint, cancellationToken);

    public Task<ImmutableArray<string>> ReadSuccessionsAsync(CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            static session => SuccessionTable.List(session).ToImmutableArray(), cancellationToken);

    public Task<ImmutableArray<ReadOnlyMemory<byte>>> ReadLeavesAsync(
        long from, int count, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(session => SqliteArchive.ReadLeaves(session, from, count), cancellationToken);

    public Task<ReadOnlyMemory<byte>?> ReadTileAsync(int level, long index, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => SqliteArchive.ReadTile(session, level, index, _parts.Writer.Edge), cancellationToken);

    public Task<ImmutableArray<ReadOnlyMemory<byte>?>> ReadCiphertextsAsync(
        long from, int count, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(session => SqliteArchive.ReadCiphertexts(session, from, count), cancellationToken);

    public Task<ReadOnlyMemory<byte>?> ReadPayloadAsync(long index, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(session => new PayloadReader(session, _options.Vault).Find(index), cancellationToken);

    public Task<LoggedEntry?> ReadEntryAsync(long index, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(
            session => new PayloadReader(session, _options.Vault).FindEntry(index), cancellationToken);

    public Task<long?> FindLatestOfAsync(ActionId action, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(session => SqliteArchive.FindLatestOf(session, action), cancellationToken);

    public Task<ImmutableArray<InclusionProof>> ProveAsync(
        ImmutableArray<long> indexes, long size, CancellationToken cancellationToken) =>
        _parts.Readers.ReadAsync(session => SqliteArchive.Prove(session, indexes, size), cancellationToken);

    /// <inheritdoc cref="StoreClock.WhyStopped"/>
    public string? WhyClockStopped(TimeSpan maxLag) => _parts.Clock.WhyStopped(maxLag);

    /// <summary>
    /// Sets the store's clock to the system's, even back, and says so in the ledger. Only for a store that serves
    /// nobody, and only once nothing open is left whose deadline the old clock gave.
    /// </summary>
    public async Task AcceptClockAsync(Func<DateTimeOffset, ReadOnlyMemory<byte>> payload)
    {
        var before = Now;
        _parts.Clock.AcceptSystemTime();
        var entry = new EntryDraft(EntryType.BreakGlassUsed, Action: null, Revision: 0, payload(before));
        await CommitAsync(new Change { Entries = [entry] }, CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    private static int Count(SqliteSession session, string sql, params ReadOnlySpan<object?> values) =>
        (int)(long)session.Scalar(sql, values)!;

    private Task<ImmutableArray<ActionId>> FindIdsAsync(
        string sql, object?[] values, CancellationToken cancellationToken) => _parts.Readers.ReadAsync(
            session => session.Query(sql, static reader => ActionId.Parse(reader.GetString(0)), values)
                .ToImmutableArray(),
            cancellationToken);

    private DefinitionRow ReadDefinition(TargetName target, string name, ColumnReader columns)
    {
        var (fingerprint, definition) = (columns.Text(), columns.Bytes());
        return new DefinitionRow(
            target, name, fingerprint, SealedDefinition.Open(target, name, definition, _options.Vault));
    }
}
