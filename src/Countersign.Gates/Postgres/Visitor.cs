using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Gates.Postgres;

/// <summary>Who connected, to which target.</summary>
internal sealed record Visitor(Asker Asker, Target Target, PostgresTarget Database);
