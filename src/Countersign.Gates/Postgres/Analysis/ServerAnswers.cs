using Npgsql;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>What an error of the resolver says about a statement: that it is wrong, or that nobody knows.</summary>
internal static class ServerAnswers
{
    /// <param name="error">As the server sent it.</param>
    /// <param name="prefix">Characters that the gate put before the statement's text.</param>
    public static Analysed Of(PostgresException error, int prefix) => error.SqlState switch
    {
        PostgresErrorCodes.ReadOnlySqlTransaction => new Analysed.Opaque(
            "The target is a hot standby, which cannot say what a statement does; name its primary as resolver.",
            IsTransient: false),
        PostgresErrorCodes.QueryCanceled => new Analysed.Opaque(
            "The server took too long to resolve it.", IsTransient: true),

        // The role of the analysis may lack a right that the session's role has; nothing about the statement is known.
        PostgresErrorCodes.InsufficientPrivilege => new Analysed.Opaque(
            $"The resolver may not look into it: {error.MessageText}.", IsTransient: false),
        PostgresErrorCodes.FeatureNotSupported or PostgresErrorCodes.InvalidFunctionDefinition
            or PostgresErrorCodes.TooManyArguments or PostgresErrorCodes.InternalError => new Analysed.Opaque(
                $"The server cannot say what it does: {error.MessageText}.", IsTransient: false),
        _ when IsOfServer(error.SqlState) => new Analysed.Opaque(
            $"The resolver could not be asked: {error.MessageText}.", IsTransient: true),
        _ => new Analysed.Invalid(new ServerError(
            error.SqlState, error.MessageText, error.Detail, error.Hint, Shifted(error.Position, prefix))),
    };

    private static int? Shifted(int position, int prefix) => position > prefix ? position - prefix : null;

    /// <summary>Connections, resources, operators, system, locks: none of them is the statement's fault.</summary>
    private static bool IsOfServer(string state) =>
        state is ['0', '8', ..] or ['5', '3', ..] or ['5', '7', ..] or ['5', '8', ..] or ['4', '0', ..]
            or PostgresErrorCodes.LockNotAvailable or ['X', 'X', ..] or ['2', '8', ..] or ['3', 'D', ..];
}

/// <summary>The server would not resolve a statement.</summary>
internal sealed class ServerRefusedException(Analysed answer) : Exception("The server did not resolve the statement.")
{
    public Analysed Answer => answer;

    public static async Task<T> UnlessAsync<T>(Task<T> asked, int prefix)
    {
        try
        {
            return await asked;
        }
        catch (PostgresException error)
        {
            throw new ServerRefusedException(ServerAnswers.Of(error, prefix));
        }
    }
}
