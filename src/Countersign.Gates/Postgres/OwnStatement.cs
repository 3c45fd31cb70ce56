using Countersign.Gates.Postgres.Rights;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A statement that the gate itself sends over a session's connection. It is prepared once under a name of its own, and
/// runs in a portal of its own, so that nothing of the client's is in the way.
/// </summary>
/// <param name="Name">The end of its name, at most 19 characters; the session puts a secret before it.</param>
/// <param name="Text">What it is.</param>
internal sealed record OwnStatement(string Name, string Text)
{
    /// <summary>The portal of all of them, closed after each.</summary>
    public const string Portal = "countersign";

    public static OwnStatement Begin { get; } = new("begin", "BEGIN");

    public static OwnStatement Commit { get; } = new("commit", "COMMIT");

    public static OwnStatement Rollback { get; } = new("rollback", "ROLLBACK");

    public static OwnStatement ResetRole { get; } = new("reset_role", "RESET ROLE");

    /// <summary>Makes a session look at its memberships again; analysed each time, and never run.</summary>
    public static OwnStatement Barrier { get; } = new("barrier", MembershipBarrier.Statement);

    /// <summary>A rehearsal keeps nobody waiting: it gives up on locks at once, and on long work soon.</summary>
    public static OwnStatement RehearsalLimits { get; } = new(
        "rehearsal",
        "SELECT pg_catalog.set_config('lock_timeout', '500ms', true), " +
        "pg_catalog.set_config('statement_timeout', '10s', true)");

    public static OwnStatement CheckConstraints { get; } = new("constraints", "SET CONSTRAINTS ALL IMMEDIATE");

    /// <summary>
    /// The settings that change what a text means. The schemas are those that exist and that the role may use, because
    /// names are looked up in no others; temporary ones come first whether they are named or not.
    /// </summary>
    public static OwnStatement Meaning { get; } = new(
        "meaning",
        "SELECT pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.quote_ident(s) " +
        "FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) AS s), ', '), " +
        "pg_catalog.current_setting('DateStyle'), pg_catalog.current_setting('IntervalStyle'), " +
        "pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('row_security'), " +
        // Each relation has a type; operators have no schema in front of them that would keep others away.
        "NOT pg_catalog.oideq(pg_catalog.pg_my_temp_schema(), 0) AND EXISTS (SELECT FROM pg_catalog.pg_type AS t " +
        "WHERE pg_catalog.oideq(t.typnamespace, pg_catalog.pg_my_temp_schema()))");

    /// <summary>The transaction's id, if it has changed anything: what the server can be asked with later.</summary>
    public static OwnStatement TransactionId { get; } = new(
        "xid", "SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text");
}
