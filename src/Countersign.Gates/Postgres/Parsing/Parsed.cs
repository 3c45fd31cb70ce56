using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>A part of a text, in UTF-8 bytes.</summary>
internal readonly record struct TextSpan(int Start, int Length);

/// <summary>
/// One statement as PostgreSQL's own grammar reads it, before any name in it means anything. Ranges are those of the
/// whole text.
/// </summary>
internal abstract record Parsed(TextSpan At)
{
    /// <summary>
    /// <c>SELECT</c>, <c>VALUES</c>, <c>TABLE</c>, <c>INSERT</c>, <c>UPDATE</c>, <c>DELETE</c>, <c>MERGE</c>: what the
    /// server's analyser takes.
    /// </summary>
    /// <param name="At">The statement.</param>
    /// <param name="Into">Relation that <c>SELECT … INTO</c> makes; the analyser refuses such a statement.</param>
    /// <param name="NoWhere">Whether an UPDATE or DELETE in it, at any depth, has no condition.</param>
    public sealed record Query(TextSpan At, string? Into, bool NoWhere) : Parsed(At);

    public sealed record Transaction(TextSpan At, TransactionVerb Verb) : Parsed(At)
    {
        /// <summary>
        /// Its options in capitals, in their order and repeated as written: <c>ISOLATION LEVEL SERIALIZABLE</c>,
        /// <c>READ WRITE</c>, <c>NOT DEFERRABLE</c>, <c>AND CHAIN</c>, <c>SNAPSHOT</c>. This gate does not pass on all
        /// of them.
        /// </summary>
        public ImmutableArray<string> Options { get; init; } = [];

        /// <summary>The savepoint's name, where there is one.</summary>
        public string? Name { get; init; }

        /// <summary>Whether it holds for later transactions too: <c>SET SESSION CHARACTERISTICS</c>.</summary>
        public bool IsSession { get; init; }
    }

    /// <summary>
    /// <c>SET</c> or, without values, <c>SET … TO DEFAULT</c> and <c>RESET</c>; name <c>all</c> resets all.
    /// </summary>
    /// <param name="At">The statement.</param>
    /// <param name="Name">The setting in lower case.</param>
    /// <param name="Values">Constants as text; <c>null</c> resets.</param>
    /// <param name="IsLocal">Whether it ends with the transaction.</param>
    public sealed record Set(TextSpan At, string Name, ImmutableArray<string>? Values, bool IsLocal) : Parsed(At);

    public sealed record Show(TextSpan At, string Name) : Parsed(At);

    /// <summary>
    /// <c>EXPLAIN</c>; its options are read as the server reads them, where the last one of a name wins. A repeated
    /// option is a reason to refuse it.
    /// </summary>
    public sealed record Explain(TextSpan At, Parsed Inner, bool Analyze, bool HasRepeatedOption) : Parsed(At);

    /// <summary>
    /// <c>COPY</c> between a client and a relation or a query; files and programs are in <c>Outside</c>.
    /// </summary>
    public sealed record Copy(TextSpan At, CopyWay Way) : Parsed(At)
    {
        /// <summary>The query whose rows leave; <c>null</c> when it is a relation.</summary>
        public Parsed? Inner { get; init; }

        /// <summary>
        /// A query over the relation that reads or writes the columns that the COPY does, for the analyser:
        /// <c>SELECT a, b FROM ONLY t</c>, <c>INSERT INTO t (a, b) VALUES (NULL, NULL)</c>, without columns
        /// <c>INSERT INTO t DEFAULT VALUES</c>, and with a condition <c>INSERT INTO t (a) SELECT a FROM t WHERE …</c>;
        /// every name in quotes.
        /// </summary>
        public string? Equivalent { get; init; }

        /// <summary>The file or program beyond the connection that it names; such a COPY is refused.</summary>
        public string? Outside { get; init; }

        public bool IsBinary { get; init; }

        /// <summary>Its options in their order, with constants as text; <c>null</c> for one without a value.</summary>
        public ImmutableArray<(string Name, string? Value)> Options { get; init; } = [];
    }

    /// <summary><c>PREPARE name (types) AS …</c>.</summary>
    public sealed record Prepare(TextSpan At, string Name, TextSpan Types, Parsed Inner) : Parsed(At)
    {
        /// <summary>Where the name stands, which the gate replaces by its own.</summary>
        public TextSpan NameAt { get; init; }
    }

    /// <summary><c>EXECUTE name (arguments)</c>; the arguments are the texts of expressions.</summary>
    public sealed record Execute(TextSpan At, string Name, ImmutableArray<TextSpan> Arguments) : Parsed(At)
    {
        /// <summary>Where the name stands, which the gate replaces by its own.</summary>
        public TextSpan NameAt { get; init; }
    }

    /// <summary>One name, or <c>null</c> for all of them.</summary>
    public sealed record Deallocate(TextSpan At, string? Name) : Parsed(At)
    {
        /// <summary>Where the name stands, which the gate replaces by its own.</summary>
        public TextSpan NameAt { get; init; }
    }

    /// <summary><c>ALL</c>, <c>PLANS</c>, <c>SEQUENCES</c> or <c>TEMP</c>.</summary>
    public sealed record Discard(TextSpan At, string What) : Parsed(At);

    public sealed record DeclareCursor(TextSpan At, string Name, Parsed Inner, bool IsHeld) : Parsed(At);

    /// <summary><c>FETCH</c> and <c>MOVE</c>.</summary>
    public sealed record Fetch(TextSpan At, string Name, bool IsMove) : Parsed(At);

    /// <summary>One cursor, or <c>null</c> for all of them.</summary>
    public sealed record CloseCursor(TextSpan At, string? Name) : Parsed(At);

    /// <summary><c>LISTEN</c>, <c>UNLISTEN</c>, <c>NOTIFY</c>; the channel is <c>null</c> for all of them.</summary>
    public sealed record Channel(TextSpan At, string Verb, string? Name) : Parsed(At);

    public sealed record LockTable(TextSpan At, ImmutableArray<CommandObject> Relations, string Mode) : Parsed(At);

    /// <summary><c>DO</c>: code that nobody analyses.</summary>
    public sealed record Code(TextSpan At, string Language, string Body) : Parsed(At);

    /// <summary><c>CALL name(arguments)</c>.</summary>
    public sealed record Call(TextSpan At, string Name) : Parsed(At);

    /// <summary>Everything else: DDL, GRANT, VACUUM, TRUNCATE, REFRESH, COMMENT …</summary>
    public sealed record Command(TextSpan At, CommandEffect Effect) : Parsed(At);

    /// <summary>
    /// What this gate never runs, and why: two-phase commit, SET ROLE, LOAD, ALTER SYSTEM, replication.
    /// </summary>
    public sealed record Never(TextSpan At, string Verb, string Why) : Parsed(At);
}

/// <summary>What a utility statement does, as its tree says it.</summary>
/// <param name="Verb">The command in capitals: <c>CREATE</c>, <c>ALTER</c>, <c>DROP</c>, <c>TRUNCATE</c> …</param>
/// <param name="Objects">
/// What it makes, changes or drops, as the text names it: kind and possibly qualified name.
/// </param>
internal sealed record CommandEffect(string Verb, ImmutableArray<CommandObject> Objects)
{
    /// <summary>Whether it leaves code that runs later: a function, trigger, rule, policy, default, index on an
    /// expression.</summary>
    public bool DeferredCode { get; init; }

    /// <summary>Whether dependents go along (<c>CASCADE</c>).</summary>
    public bool Cascades { get; init; }

    /// <summary>
    /// Whether the server runs it only outside a transaction block: VACUUM, CREATE DATABASE, CONCURRENTLY.
    /// </summary>
    public bool RunsAlone { get; init; }

    /// <summary>A query inside it that is run or kept: CREATE TABLE AS, CREATE VIEW, a function's SQL body.</summary>
    public Parsed? Inner { get; init; }

    /// <summary>Table-level lock that it takes on its relations; <c>null</c> where none or nobody knows.</summary>
    public string? Lock { get; init; }
}

/// <summary>For example <c>TABLE</c> and <c>public.orders</c>.</summary>
internal readonly record struct CommandObject(string Kind, string? Schema, string Name);

internal enum TransactionVerb
{
    Begin,
    Commit,
    Rollback,
    Savepoint,
    Release,
    RollbackTo,

    /// <summary><c>SET TRANSACTION</c> and <c>SET SESSION CHARACTERISTICS</c>.</summary>
    Characteristics,
}

internal enum CopyWay
{
    In,
    Out,
}
