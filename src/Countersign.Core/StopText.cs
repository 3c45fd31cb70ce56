using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>What agents and people are told of a stop.</summary>
internal static class StopText
{
    private const string Remedy =
        "Nothing is executed for it until two persons lift the stop ('countersign agent resume').";

    /// <summary>The first sentence: who stopped whom, and why.</summary>
    public static string Of(AgentId agent, PersonId by, string? comment) => comment is { Length: > 0 }
        ? $"Agent {agent} was stopped by {by}: {comment}"
        : $"Agent {agent} was stopped by {by}.";

    public static string Of(AgentStop stop)
    {
        var (_, _, text) = Read(stop);
        return $"{text} {Remedy}";
    }

    /// <summary>By whom and why, as far as the entry still says it.</summary>
    public static (string? By, string? Comment, string Text) Read(AgentStop stop)
    {
        if (stop.Payload is not { } payload)
        {
            return (null, null, $"Agent {stop.Agent} was stopped.");
        }

        using var document = JsonDocument.Parse(payload);
        var said = document.RootElement;
        return (
            said.GetProperty("person").GetString(),
            said.GetProperty("comment").GetString(),
            said.GetProperty("reason").GetString()!);
    }
}
