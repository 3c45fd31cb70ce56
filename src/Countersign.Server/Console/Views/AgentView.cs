using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>The agents that the reader may stop.</summary>
public sealed record AgentListView(ImmutableArray<AgentView> Agents, DateTimeOffset Now);

/// <summary>One agent, and whether it may go about its work.</summary>
public sealed record AgentView(string Id, string Owner, StopView? Stop, DateTimeOffset Now)
{
    public NoticeView? Notice { get; init; }
}

/// <summary>A stop in force.</summary>
public sealed record StopView(DateTimeOffset At, string By, string? Comment, long Entry);
