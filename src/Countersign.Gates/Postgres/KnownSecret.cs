using Countersign.Core.Identity;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Gates.Postgres;

/// <summary>A token that this gate recognises, and whom it stands for.</summary>
internal sealed record KnownSecret(AgentSecret Secret, Asker Asker);

/// <summary>What somebody with this name may prove; nothing when there is no such agent.</summary>
internal delegate IReadOnlyList<KnownSecret> FindAgentSecrets(string agent);
