using System.Net;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reads;
using Countersign.Core.Records;
using Countersign.Gates.Access;
using Countersign.Gates.Postgres.Wire.Login;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Postgres;

/// <summary>What this gate needs from the server.</summary>
internal sealed record PostgresGateOptions(Gatekeeper Gatekeeper, Func<Charter> Charter)
{
    /// <summary>Where reads are recorded that nobody has to be asked for.</summary>
    public required ReadDesk Reads { get; init; }

    public required IPEndPoint Listen { get; init; }

    /// <summary>What agents may prove that they are somebody with.</summary>
    public required FindAgentSecrets FindSecrets { get; init; }

    /// <summary>Whether an agent of this name may show tokens that an issuer signed.</summary>
    public Predicate<string> ShowsIssuedTokens { get; init; } = static _ => false;

    /// <summary>Judges such tokens, and certificates; nobody is recognised without it.</summary>
    public Authenticate Authenticate { get; init; } = static (_, _) => ValueTask.FromResult<Caller?>(null);

    /// <summary>The gate's certificate; without one it speaks no TLS.</summary>
    public AgentTls? Tls { get; init; }

    /// <summary>Which agents people stopped: nothing of theirs comes in, and what is open is cut.</summary>
    public required StoppedAgents Stopped { get; init; }

    public required IReadOnlyDictionary<TargetName, PostgresTargetOptions> Targets { get; init; }

    /// <summary>Where people look at an action.</summary>
    public required Func<ActionId, Uri> ReviewUrl { get; init; }

    /// <summary>Notes, in passing, that an agent knows how its action ended.</summary>
    public required Action<ActionRecord> NoteDelivery { get; init; }

    public required FillRandom Random { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    public PostgresLimits Limits { get; init; } = new();
}
