using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// Which agents are stopped. A claim asks inside its own transaction, so no claim can become durable behind a stop.
/// </summary>
internal static class StopTable
{
    private const string Select = "SELECT agent, at, entry FROM agent_stop";

    /// <summary>
    /// Each branch runs along an index: reviews may be pending by the hundred thousand, few actions are approved or
    /// executing at a time.
    /// </summary>
    public const string OpenOfAgent = """
        SELECT id FROM (
            SELECT id FROM action WHERE agent = ?1 AND state = 'pending'
            UNION ALL SELECT id FROM action INDEXED BY action_in_state WHERE state = 'approved' AND agent = ?1
            UNION ALL SELECT id FROM action INDEXED BY action_in_state WHERE state = 'executing' AND agent = ?1
        ) ORDER BY id LIMIT ?2
        """;

    public static ConflictReason? FindConflict(Change change, SqliteSession session) => 0 switch
    {
        _ when change.OnlyIfActive is { } agent && EntryOf(agent, session) is not null => ConflictReason.AgentStopped,
        _ when change.Stop is { } agent && EntryOf(agent, session) is not null => ConflictReason.AgentStopped,
        _ when change.Lift is { } stop && EntryOf(stop.Agent, session) != stop.Entry => ConflictReason.NotStopped,
        _ => null,
    };

    /// <summary>Writes a stop with everything that ends by it, or lifts one.</summary>
    public static void Write(SealedChange change, ImmutableArray<long> indexes, SqliteBatch batch)
    {
        if (change.Change.Lift is { } stop)
        {
            batch.Session.Execute("DELETE FROM agent_stop WHERE agent = ?1", stop.Agent.Value);
        }

        if (change.Change.Stop is not { } agent)
        {
            return;
        }

        var position = change.Entries.ToList().FindIndex(draft => draft.Type == EntryType.AgentStopped);
        var entry = indexes[position];
        batch.Session.Execute(
            "INSERT INTO agent_stop (agent, at, entry) VALUES (?1, ?2, ?3)", agent.Value, batch.At.UtcTicks, entry);
        foreach (var write in change.Change.Withdrawn)
        {
            var pointers = new EntryPointers { Ending = entry, Last = entry };
            ChangeWriter.WriteAction(ChangeWriter.Numbered(write), write.ExpectedVersion, pointers, batch);
        }
    }

    public static AgentStop? Find(SqliteSession session, PayloadReader payloads, AgentId agent) =>
        session.Query(
            $"{Select} WHERE agent = ?1", reader => Read(new ColumnReader(reader), payloads), agent.Value)
            .FirstOrDefault();

    public static ImmutableArray<AgentStop> List(SqliteSession session, PayloadReader payloads) =>
        [.. session.Query($"{Select} ORDER BY agent", reader => Read(new ColumnReader(reader), payloads))];

    private static long? EntryOf(AgentId agent, SqliteSession session) =>
        (long?)session.Scalar("SELECT entry FROM agent_stop WHERE agent = ?1", agent.Value);

    private static AgentStop Read(ColumnReader columns, PayloadReader payloads)
    {
        var (agent, at, entry) = (new AgentId(columns.Text()), columns.Time(), columns.Number());
        return new AgentStop(agent, at, entry, payloads.Find(entry));
    }
}
