namespace Countersign.Gates.Postgres.Rights;

/// <summary>What one sweep ended.</summary>
/// <param name="Leases">Logins of nodes that are gone, and those that could not be cleaned earlier.</param>
/// <param name="Memberships">Rights that a session still had and should not.</param>
/// <param name="Roles">Roles of relations that no longer exist.</param>
internal readonly record struct Swept(int Leases, int Memberships, int Roles)
{
    public bool IsNothing => this == default;
}
