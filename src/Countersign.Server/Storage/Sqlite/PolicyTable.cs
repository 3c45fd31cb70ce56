using Countersign.Core.Policies;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Which policies were in force, one after another.</summary>
internal static class PolicyTable
{
    public static PolicyReplaced? FindReplaced(SqliteSession session, PolicyHash policy, DateTimeOffset since) =>
        session.Query(
            """
            SELECT later.at, later.entry FROM policy JOIN policy AS later ON later.epoch = policy.epoch + 1
            WHERE policy.hash = ?1 AND later.hash <> ?1 AND later.at >= ?2 ORDER BY later.epoch DESC LIMIT 1
            """,
            static reader => new PolicyReplaced(
                new DateTimeOffset(reader.GetInt64(0), TimeSpan.Zero),
                reader.IsDBNull(1) ? null : reader.GetInt64(1)),
            policy.Value,
            since.UtcTicks).FirstOrDefault();
}
