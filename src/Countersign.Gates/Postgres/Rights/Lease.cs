using Countersign.Gates.Credentials;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>A login that one session has for itself, until it is returned.</summary>
internal sealed class Lease(LeaseKey key, Secret password)
{
    public LeaseKey Key => key;

    public string Login => key.Login.Value;

    public Secret Password => password;

    /// <summary>
    /// Whether rights of an action that is over could not be taken back: the session must run nothing more.
    /// </summary>
    public bool IsTainted { get; set; }

    /// <summary>Held by whoever changes this lease's memberships; guards what stands below.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>How many running actions gave each role.</summary>
    public Dictionary<RoleName, int> Held_NeedsTurn { get; } = [];

    /// <summary>Number of the latest grant.</summary>
    public int Grants_NeedsTurn { get; set; }
}

/// <summary>
/// Which lease of which login: the generation grows whenever the login is taken back, so that whoever had it before
/// can give nothing to its next session.
/// </summary>
internal readonly record struct LeaseKey(RoleName Login, long Generation);
