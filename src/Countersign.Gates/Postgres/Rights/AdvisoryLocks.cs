using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// Advisory locks of the target's database, by which nodes keep out of each other's way. Their first key is ours alone.
/// </summary>
internal static class AdvisoryLocks
{
    /// <summary>"CSGN": an application that takes the same first key would only delay us.</summary>
    public const int Space = 0x4353474E;

    /// <summary>Second key of whoever makes roles or tables; nodes have 1 and above.</summary>
    private const int Making = 0;

    /// <summary>One node at a time makes things, until its transaction ends.</summary>
    public static Task TakeMakingAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.RunAsync($"SELECT pg_advisory_xact_lock({Space}, {Making})", cancellationToken);
}
