using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels;

/// <summary>
/// The stop button on a card: the same authority as in the console and over the API, and the agent is the one of the
/// action that the card was about. Stopping is always safe, so it takes neither a present revision nor a conversation
/// that nobody else reads.
/// </summary>
internal sealed class ChatStops(Gatekeeper gatekeeper, AgentDesk agents, ILogger<ChatStops> log)
{
    private const string MayNot =
        "Whoever reviews something, is an admin or stands behind the agent may stop it, and you do not.";

    /// <summary>The agent that a person may stop with a card; without it, why not.</summary>
    public async Task<(AgentId? Agent, string? WhyNot)> FindAsync(
        PersonId person, string? card, CancellationToken cancellationToken) =>
        await FindAgentAsync(card, cancellationToken) switch
        {
            null => (null, "This card names no agent; use the console instead."),
            { } agent when !agents.MayStop(person, agent) => (null, MayNot),
            { } agent => (agent, null),
        };

    /// <summary>Stops the agent; says what was stopped, or why nothing was.</summary>
    /// <exception cref="Core.Storage.StoreUnavailableException">Nothing is known to be recorded.</exception>
    public async Task<ChatStop> StopAsync(
        PersonId person, string? card, string? comment, CancellationToken cancellationToken)
    {
        if (await FindAgentAsync(card, cancellationToken) is not { } agent)
        {
            return new ChatStop.Refused("This card names no agent; use the console instead.");
        }

        var reason = comment?.Trim() is { Length: > 0 } written ? written : null;
        var answer = await agents.StopAsync(agent, person, reason, cancellationToken);
        Log.AgentStopped(log, person, agent, answer is StopAnswer.Stopped ? "stopped" : "not stopped");
        return answer switch
        {
            StopAnswer.Stopped stopped => new ChatStop.Stopped($"{agent}: {Words.Of(stopped.Done)}"),
            StopAnswer.NotEligible => new ChatStop.Refused(MayNot),
            _ => new ChatStop.Refused("This agent is not registered any more."),
        };
    }

    /// <summary>The agent behind a card: the action is asked, not the card.</summary>
    private async Task<AgentId?> FindAgentAsync(string? card, CancellationToken cancellationToken) =>
        CardReference.Read(card) is { } shown
        && await gatekeeper.FindAsync(shown.Action, cancellationToken) is { } record
        && agents.Knows(record.Asker.Agent)
            ? record.Asker.Agent
            : null;
}

/// <summary>What became of a stop.</summary>
internal abstract record ChatStop
{
    private ChatStop()
    {
    }

    public sealed record Stopped(string What) : ChatStop;

    public sealed record Refused(string Why) : ChatStop;
}
