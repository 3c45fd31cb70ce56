namespace Countersign.Core.Policies;

/// <summary>What is recorded about earlier requests of the same agent and operation; the caller counts.</summary>
/// <param name="Count">Requests in the time that just passed; <c>null</c> when that is not known.</param>
/// <param name="FirstTime">Whether the agent never asked for this operation on this target before.</param>
/// <param name="ApproveRate">Which part of the decided requests was approved; <c>null</c> before the first.</param>
public sealed record History(Func<TimeSpan, long?> Count, bool? FirstTime, double? ApproveRate);
