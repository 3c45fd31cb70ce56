namespace Countersign.Gates.Postgres.Parsing;

/// <summary>What came of one request to libpg_query.</summary>
internal abstract record PgQueryAnswer
{
    private PgQueryAnswer() { }

    public sealed record Done(byte[] Content) : PgQueryAnswer;

    /// <summary>The text is wrong, as PostgreSQL would say it.</summary>
    /// <param name="Message">Without a place.</param>
    /// <param name="Position">In characters from 1; 0 when nobody knows.</param>
    public sealed record Wrong(string Message, int Position) : PgQueryAnswer;

    /// <summary>The child did not answer; nothing is known of the text.</summary>
    public sealed record Failed(string Why) : PgQueryAnswer;
}
