namespace Countersign.Core.Identity;

/// <summary>A registered agent and the person or group that answers for it.</summary>
public sealed record Agent(AgentId Id, Party Owner);
