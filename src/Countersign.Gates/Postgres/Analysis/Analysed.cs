using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>What came of asking the server what a statement does.</summary>
internal abstract record Analysed
{
    private Analysed() { }

    /// <summary>The server resolved every name in it, and this is what it does.</summary>
    public sealed record Understood(Effects Effects) : Analysed;

    /// <summary>The server refuses such a statement before it runs it; the agent gets its own words.</summary>
    public sealed record Invalid(ServerError Error) : Analysed;

    /// <summary>Nobody knows what it does: it is held or refused, never passed.</summary>
    /// <param name="Why">For agent and reviewer.</param>
    /// <param name="IsTransient">Whether asking again later may help: the resolver was down, busy or too slow.</param>
    public sealed record Opaque(string Why, bool IsTransient) : Analysed;
}

/// <summary>An error as a server reports it.</summary>
/// <param name="SqlState">Five characters.</param>
/// <param name="Message">The primary message.</param>
/// <param name="Detail">More of it, or <c>null</c>.</param>
/// <param name="Hint">What the server suggests, or <c>null</c>.</param>
/// <param name="Position">In characters of the statement's own text, from 1; <c>null</c> where there is none.</param>
internal sealed record ServerError(string SqlState, string Message, string? Detail, string? Hint, int? Position);
