using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Parsing;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Postgres;

/// <summary>What the targets of this gate share.</summary>
/// <param name="Node">This process, as other nodes see it in a database.</param>
/// <param name="Shapes">Tells what texts have in common.</param>
/// <param name="Parser">PostgreSQL's own grammar.</param>
/// <param name="LogOf">The log of a target.</param>
internal sealed record PostgresParts(
    string Node, Shapes Shapes, SqlParser Parser, Func<TargetName, ILogger> LogOf);
