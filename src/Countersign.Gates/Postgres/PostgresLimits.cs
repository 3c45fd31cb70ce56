namespace Countersign.Gates.Postgres;

/// <summary>What this gate takes from a client and from a server, and how long it waits.</summary>
internal sealed record PostgresLimits
{
    /// <summary>Longest message before a client is known; a SCRAM exchange needs less.</summary>
    public int StartupMessage { get; init; } = 8 * 1024;

    /// <summary>Longest text of a statement, in bytes (<c>limits.statement</c>).</summary>
    public int Statement { get; init; } = 64 * 1024;

    /// <summary>Longest message of a client otherwise: parameters of a Bind, a piece of COPY data.</summary>
    public int ClientMessage { get; init; } = 16 * 1024 * 1024;

    /// <summary>Longest message of a server, such as a row.</summary>
    public int ServerMessage { get; init; } = 1024 * 1024 * 1024;

    /// <summary>Longest other message of a server: an error, the columns of a result.</summary>
    public int ServerNotice { get; init; } = 16 * 1024 * 1024;

    /// <summary>Prepared statements one session may have; portals likewise.</summary>
    public int Statements { get; init; } = 10_000;

    /// <summary>Tokens of one text; more are refused before any parser sees them.</summary>
    public int Tokens { get; init; } = 20_000;

    /// <summary>Open parentheses, brackets and CASEs within each other.</summary>
    public int Nesting { get; init; } = 200;

    /// <summary>
    /// Tokens that follow one another without a comma, AND or OR: each may be a level of the tree, as in
    /// <c>1 + 1 + 1 …</c>.
    /// </summary>
    public int Chain { get; init; } = 2_000;

    /// <summary>Joins and set operations of one query; each of them is a level of the tree.</summary>
    public int Joins { get; init; } = 500;

    /// <summary>
    /// Bytes of rows that are kept of a statement that nobody waits for; its agent reads them as part of the outcome.
    /// </summary>
    public int KeptRows { get; init; } = 1024 * 1024;

    /// <summary>Sessions of all agents together.</summary>
    public int Sessions { get; init; } = 5_000;

    /// <summary>Log-ins of one address that may fail within a minute, before none of them is heard any more.</summary>
    public int FailedLogins { get; init; } = 10;

    /// <summary>From the first byte to a finished log-in.</summary>
    public TimeSpan Startup { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a database may take to answer a new connection.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a database may spend on each round in which a statement is understood.</summary>
    public TimeSpan Analysis { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a statement that only reads may rest on what was understood of it; definitions that others change are
    /// noticed after this time. What people approve is always understood anew before it runs.
    /// </summary>
    public TimeSpan Freshness { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a client that waits for people is told so.</summary>
    public TimeSpan HeldNotice { get; init; } = TimeSpan.FromSeconds(20);
}
