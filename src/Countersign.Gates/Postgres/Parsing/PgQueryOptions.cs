namespace Countersign.Gates.Postgres.Parsing;

/// <summary>Which program the parser's child is, and what it may cost.</summary>
/// <param name="Program">The server's own executable.</param>
/// <param name="Library">File of libpg_query.</param>
internal sealed record PgQueryOptions(string Program, string Library)
{
    /// <summary>The command of the executable that runs the child; people never need it.</summary>
    public const string Command = "pg-query";

    /// <summary>No request is longer, whatever limit an operator sets for statements.</summary>
    public const int MostRequest = 64 * 1024 * 1024;

    /// <summary>What comes before the command, such as the path of a library that 'dotnet' runs.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Longest answer: a tree as JSON takes some hundred times its text.</summary>
    public int MostAnswer { get; init; } = 128 * 1024 * 1024;

    /// <summary>How long one request may take, the start of a child included; then the child is ended.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the second start waits after a child that died answering nothing; each one after it waits twice as
    /// long, up to <see cref="LongestWait"/>.
    /// </summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(2);
}
