namespace Countersign.Core.Identity;

/// <summary>That a person is in a group, and since when as far as the store has seen.</summary>
/// <param name="Person">Who.</param>
/// <param name="Group">In which group.</param>
/// <param name="Since">When a node first found it so; the earliest time there is when it always was.</param>
public sealed record Membership(PersonId Person, GroupName Group, DateTimeOffset Since);

/// <summary>A membership that does not count for approvals yet.</summary>
/// <param name="Membership">Who is where, since when.</param>
/// <param name="CountsFrom">From when on it does.</param>
public sealed record YoungMembership(Membership Membership, DateTimeOffset CountsFrom);
