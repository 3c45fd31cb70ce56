namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Makes a session look at its memberships again while its transaction is open.
/// </summary>
/// <remarks>
/// A backend learns of a GRANT or REVOKE when a transaction starts, when it takes a lock that it does not hold yet, and
/// when it analyses a text that names a relation (relation_openrv). Running a prepared statement once more under locks
/// it already has is none of these: without the barrier it goes on under rights that have ended, and fails for want of
/// rights that were just given. So the session has to be sent this after each grant and after each end of one.
/// </remarks>
internal static class MembershipBarrier
{
    /// <summary>A Parse of it is enough; anybody may read that table, and nothing has to be run.</summary>
    public const string Statement = "TABLE pg_catalog.pg_am";
}
