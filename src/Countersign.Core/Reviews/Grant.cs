namespace Countersign.Core.Reviews;

/// <summary>Permission to execute one digest: uses that are left, until when.</summary>
public sealed record Grant(int UsesLeft, DateTimeOffset ExpiresAt);
