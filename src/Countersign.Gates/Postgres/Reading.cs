using System.Collections.Immutable;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres;

/// <summary>What a text turned out to be.</summary>
internal abstract record Reading
{
    private Reading()
    {
    }

    /// <summary>Statements one after the other; an empty text has none.</summary>
    public sealed record Of(ImmutableArray<ReadStatement> Statements) : Reading;

    /// <summary>
    /// PostgreSQL's grammar does not take it, so it goes to the server for its own error. Should the server take it
    /// after all, nobody knows what it does.
    /// </summary>
    public sealed record Unreadable(string Why) : Reading;

    /// <summary>This gate does not pass it on.</summary>
    public sealed record Refused(Refusal Why) : Reading;
}

/// <summary>One statement of a text: how it is written, and what it does.</summary>
/// <param name="Form">Its form; ranges are those of the whole text.</param>
/// <param name="Effects">What it does; of a statement about the session itself nothing.</param>
internal sealed record ReadStatement(Parsed Form, Effects Effects)
{
    /// <summary>
    /// Whether it concerns nothing but this session, such as BEGIN or SHOW, so that no policy is asked about it.
    /// </summary>
    public bool IsOfSession => Form
        is Parsed.Transaction or Parsed.Set or Parsed.Show or Parsed.Fetch or Parsed.CloseCursor
        or Parsed.Deallocate or Parsed.Discard or Parsed.Prepare or Parsed.Channel { Verb: "UNLISTEN" };

    public bool EndsTransaction => Form is Parsed.Transaction
    {
        Verb: TransactionVerb.Commit or TransactionVerb.Rollback,
    };
}
