namespace Countersign.Core.Identity;

/// <summary>Who asked for an action: the agent and, when its token says so, the person it acts for.</summary>
public sealed record Asker(AgentId Agent, PersonId? OnBehalfOf);
