namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>What an agent's StartupMessage asks for, as far as it may.</summary>
/// <param name="User">The agent.</param>
/// <param name="Database">The target; without one it is called like the user, as PostgreSQL has it.</param>
/// <param name="Settings">
/// What the session does with them is what it does with <c>SET</c>: the names alone are harmless to know.
/// </param>
/// <param name="Ignored">Names that were left out; an agent is told.</param>
internal sealed record AgentParameters(
    string User, string Database, IReadOnlyDictionary<string, string> Settings, IReadOnlyList<string> Ignored)
{
    private const string Encoding = "client_encoding";
    private const string Replication = "replication";

    /// <summary>Those that drivers send: libpq (PGTZ, PGDATESTYLE, …), pgjdbc, Npgsql, postgres.js.</summary>
    private static readonly HashSet<string> s_settings = new(StringComparer.OrdinalIgnoreCase)
    {
        "application_name", "bytea_output", "DateStyle", "default_transaction_isolation",
        "default_transaction_read_only", "extra_float_digits", "geqo", "idle_in_transaction_session_timeout",
        "IntervalStyle", "lock_timeout", "search_path", "statement_timeout", "TimeZone",
    };

    /// <exception cref="ProtocolViolation">The agent asks for what it cannot have, or names no user.</exception>
    public static AgentParameters Read(StartupPacket.Start start)
    {
        var parameters = start.Parameters;
        if (parameters.GetValueOrDefault("user") is not { Length: > 0 } user)
        {
            throw Refuse(
                SqlState.InvalidAuthorization,
                "No user is named; connect as postgresql://AGENT:TOKEN@host:port/TARGET.");
        }

        RefuseReplication(parameters);
        RefuseOtherEncodings(parameters);
        var others = parameters.Where(static one => !IsOurs(one.Key))
            .ToLookup(static one => s_settings.Contains(one.Key));
        return new AgentParameters(
            user,
            parameters.GetValueOrDefault("database") is { Length: > 0 } database ? database : user,
            others[true].DistinctBy(static one => one.Key, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(StringComparer.OrdinalIgnoreCase),
            [.. others[false].Where(static one => one.Value.Length > 0).Select(static one => one.Key)]);
    }

    private static bool IsOurs(string name) =>
        name is "user" or "database" or Encoding or Replication || AgentProtocol.IsOption(name);

    /// <summary>A walsender takes commands that no gate understands, and would stream the whole cluster.</summary>
    private static void RefuseReplication(IReadOnlyDictionary<string, string> parameters)
    {
        if (parameters.TryGetValue(Replication, out var value) && value.ToLowerInvariant() is not (
            "" or "0" or "false" or "off" or "no"))
        {
            throw Refuse(
                SqlState.FeatureNotSupported,
                "Replication connections do not pass this gate; connect to the database itself for replication.");
        }
    }

    /// <summary>
    /// In another encoding a byte of a letter can be a quote, so that two readers see two texts. SQL_ASCII converts
    /// nothing: such a client sends UTF-8, or is refused at the first text that is none.
    /// </summary>
    private static void RefuseOtherEncodings(IReadOnlyDictionary<string, string> parameters)
    {
        var asked = parameters.GetValueOrDefault(Encoding) ?? "UTF8";
        var name = string.Concat(asked.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        if (name is not ("utf8" or "unicode" or "sqlascii"))
        {
            throw Refuse(
                SqlState.InvalidParameterValue,
                $"client_encoding '{asked}' does not pass this gate; set it to UTF8 (for psql PGCLIENTENCODING=UTF8).");
        }
    }

    private static ProtocolViolation Refuse(string sqlState, string text) =>
        new(text) { SqlState = sqlState, IsFatal = true };
}
