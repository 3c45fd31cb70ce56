using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Server.Cli;

/// <summary>Whether libpg_query can be loaded and parses, in a child process as the PostgreSQL gate uses it.</summary>
internal static class GrammarCheck
{
    private const string What = "libpg_query";

    /// <param name="library">Its file; <c>null</c> when it was not found.</param>
    /// <param name="program">The server's executable.</param>
    /// <param name="isNeeded">Whether the configuration has a PostgreSQL gate.</param>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    public static async Task<(bool Ok, string Text)> RunAsync(
        string? library, string program, bool isNeeded, CancellationToken cancellationToken)
    {
        if (library is null)
        {
            return isNeeded
                ? (false, $"{What}: {PgQueryLibrary.Missing}")
                : (true, $"{What} (note: not found; only a PostgreSQL gate needs it)");
        }

        await using var query = new PgQuery(new PgQueryOptions(program, library), TimeProvider.System);
        var outcome = await new SqlParser(query, new PostgresLimits())
            .ParseAsync("SELECT 1; DELETE FROM a WHERE b = $1"u8.ToArray(), cancellationToken);
        return outcome switch
        {
            ParseOutcome.List { Statements: [Parsed.Query, Parsed.Query] } => (true, $"{What} at {library}"),
            ParseOutcome.Refused { Fault: var fault } => (!isNeeded, $"{What} at {library}: {fault.Message}"),
            _ => (!isNeeded, $"{What} at {library}: it reads SQL otherwise than this gate does; use version 15."),
        };
    }
}
