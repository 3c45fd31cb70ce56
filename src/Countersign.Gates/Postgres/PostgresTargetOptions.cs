using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Gates.Postgres;

/// <summary>What the user wrote about one target of this gate.</summary>
/// <param name="Address">Where its database is.</param>
/// <param name="Database">What it is called there.</param>
/// <param name="Rights">Under whose rights sessions run.</param>
internal sealed record PostgresTargetOptions(DatabaseAddress Address, string Database, RightsOptions Rights)
{
    /// <summary>
    /// Connection string of another server that says what statements do, for a target that is a standby; <c>null</c>
    /// asks the target itself.
    /// </summary>
    public string? Resolver { get; init; }
}
