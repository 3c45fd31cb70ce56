using System.Collections.Immutable;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>
/// Whether a statement may run code that somebody made. Such code can put any value into an error, a notice, a
/// setting or a cursor.
/// </summary>
internal static class UserCode
{
    public static bool MayRunIn(ReadStatement statement, ImmutableArray<Prepared> executes) =>
        IsIn(statement.Effects) || executes.Any(MayRunIn);

    /// <summary>Whether a statement changes definitions, so that what comes behind it in one text means what nobody
    /// looked up.</summary>
    public static bool Redefines(ReadStatement statement) =>
        statement.Effects is { Opaque: not null } or { NeedsOwner: true } or { DeferredCode: true };

    private static bool MayRunIn(Prepared executed) =>
        executed.Reading is not Reading.Of { Statements: var statements }
        || statements.Any(statement => MayRunIn(statement, executed.Executes));

    /// <summary>Whether it reads settings, which hold what code may have put there, in whatever session.</summary>
    public static bool ReadsSettings(ReadStatement statement) =>
        statement.Effects.Functions.Contains("current_setting");

    /// <summary>Functions of users have their schema in front of their name, others have none.</summary>
    private static bool IsIn(Effects effects) =>
        effects.Opaque is not null
        || effects.Functions.Any(static name => name.Contains('.', StringComparison.Ordinal));
}
