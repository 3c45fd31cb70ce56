namespace Countersign.Core.Policies;

/// <summary>
/// Where a policy has its force from. It is recorded with every verdict, because a receipt shows one action and not the
/// entry that once brought the policy into force.
/// </summary>
/// <param name="Accepted"><c>first</c>, <c>approved</c> or <c>immediate</c>, as the <c>policy.changed</c> entry says.
/// </param>
/// <param name="ChangesAtOnce">Whether changed files take effect without anybody's approval at present.</param>
public sealed record PolicyOrigin(string Accepted, bool ChangesAtOnce);
