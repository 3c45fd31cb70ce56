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

    /// <summary>
    /// A limit of time up to the end of the transaction, unless the session has a shorter one. Gives the one before, in
    /// milliseconds.
    /// </summary>
    public static OwnStatement Limit(TimeSpan time)
    {
        var most = (int)Math.Min(time.TotalMilliseconds, int.MaxValue);
        // Functions have their schema in front of them where operators could not; a setting of 0 is no limit.
        const string now =
            "pg_catalog.int4(pg_catalog.float8mul(pg_catalog.date_part('epoch', "
            + "pg_catalog.current_setting('statement_timeout')::pg_catalog.interval), 1000))";
        return new OwnStatement(
            $"limit_{most}",
            $"SELECT {now}::pg_catalog.text, pg_catalog.set_config('statement_timeout', (CASE WHEN "
            + $"pg_catalog.int4eq({now}, 0) THEN {most} ELSE LEAST({now}, {most}) END)::pg_catalog.text, true)");
    }

    /// <param name="milliseconds">As <see cref="Limit"/> gave them.</param>
    public static OwnStatement LimitAgain(string milliseconds) => new(
        $"again_{milliseconds}",
        $"SELECT pg_catalog.set_config('statement_timeout', '{int.Parse(milliseconds)}', true)");

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
