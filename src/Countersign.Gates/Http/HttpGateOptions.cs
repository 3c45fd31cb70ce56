using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Reads;
using Countersign.Gates.Access;

namespace Countersign.Gates.Http;

/// <summary>What this gate needs from the server.</summary>
internal sealed record HttpGateOptions(Gatekeeper Gatekeeper, Func<Charter> Charter)
{
    public required Authenticate Authenticate { get; init; }

    /// <summary>Which agents people stopped: nothing of theirs comes in, and what is open is cut.</summary>
    public required StoppedAgents Stopped { get; init; }

    /// <summary>The present options of a target; the same object as long as they are the same.</summary>
    public required Func<TargetName, HttpOptions?> Target { get; init; }

    /// <summary>Where people look at an action.</summary>
    public required Func<ActionId, Uri> ReviewUrl { get; init; }

    /// <summary>Where reads are recorded many in one entry; without it each is an action of its own.</summary>
    public ReadDesk? Reads { get; init; }

    public required TimeProvider Time { get; init; }

    public JsonLimits Json { get; init; } = JsonLimits.Default;

    public HttpLimits Limits { get; init; } = new();

    public HttpReading ReadingOf(HttpOptions target) => new(target.Headers, Json, target.Limits);
}
