namespace Countersign.Gates.Postgres.Rights;

/// <summary>The database and the role that <c>credentials.admin</c> leads to.</summary>
/// <param name="Database">The database's OID.</param>
/// <param name="Version">As <c>server_version_num</c> counts.</param>
internal sealed record AdminFacts(
    long Database, string DatabaseName, RoleName Admin, bool IsSuperuser, bool MayMakeRoles, int Version)
{
    /// <summary>From here on a membership itself says whether it is inherited, and open to SET ROLE.</summary>
    public const int WithMembershipOptions = 160_000;
}
