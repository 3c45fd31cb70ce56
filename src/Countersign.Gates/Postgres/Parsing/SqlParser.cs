using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// Reads texts with PostgreSQL's own grammar. It runs at the first sight of a shape:
/// 1. our own scanner holds the limits, and cuts statements;
/// 2. libpg_query parses; what it refuses is refused, and what it leaves unanswered too;
/// 3. both must have cut the same statements;
/// 4. each tree becomes a <see cref="Parsed"/>;
/// 5. every statement within another one (EXPLAIN, PREPARE, COPY …) is cut out of the text, and must have the same tree
///    alone, since what is analysed is that piece of text.
/// </summary>
internal sealed class SqlParser(PgQuery query, PostgresLimits limits)
{
    private const string NotUnderstood = "0A000";
    private const string Unavailable = "58000";

    public async ValueTask<ParseOutcome> ParseAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        // 1
        var scan = new SqlScan(limits);
        if (scan.Read(text.Span) is { } fault)
        {
            return new ParseOutcome.Refused(fault);
        }

        if (scan.Statements.Count == 0)
        {
            return new ParseOutcome.List([]);
        }

        // 2
        return await query.AskAsync(PgQueryVerb.Parse, text, cancellationToken) switch
        {
            PgQueryAnswer.Done done => await ReadAsync(text, scan, done.Content, cancellationToken),
            PgQueryAnswer.Wrong wrong => new ParseOutcome.Refused(FaultOf(wrong)),
            PgQueryAnswer.Failed failed => new ParseOutcome.Refused(FaultOf(failed)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>
    /// The text as PostgreSQL's grammar writes it, without comments and with names and spaces in one form: what people
    /// are shown. Where that is not certain to mean the same, it is the text itself.
    /// </summary>
    public async ValueTask<ReadOnlyMemory<byte>> DeparseAsync(
        ReadOnlyMemory<byte> text, CancellationToken cancellationToken) =>
        new SqlScan(limits).Read(text.Span) is null
        && await query.AskAsync(PgQueryVerb.Deparse, text, cancellationToken) is PgQueryAnswer.Done written
        && await query.AskAsync(PgQueryVerb.Parse, text, cancellationToken) is PgQueryAnswer.Done asked
        && await query.AskAsync(PgQueryVerb.Parse, written.Content, cancellationToken) is PgQueryAnswer.Done shown
        && TreeWalk.AreSame(asked.Content, shown.Content)
            ? written.Content
            : text;

    private static SqlFault FaultOf(PgQueryAnswer.Wrong wrong) => new(SqlFault.SyntaxError, wrong.Message)
    {
        Position = wrong.Position > 0 ? wrong.Position : null,
    };

    private static SqlFault FaultOf(PgQueryAnswer.Failed failed) =>
        new(Unavailable, $"statement could not be read: {failed.Why}")
        {
            Hint = "Nothing was executed. Try again; if it fails again, write the statement in a simpler way.",
        };

    private static SqlFault Odd(string what) => new(NotUnderstood, $"statement is not understood: {what}")
    {
        Hint = "Nothing was executed. Send its statements one by one, each in a simpler form.",
    };

    private async ValueTask<ParseOutcome> ReadAsync(
        ReadOnlyMemory<byte> text, SqlScan scan, byte[] json, CancellationToken cancellationToken)
    {
        try
        {
            using var tree = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = TreeWalk.MostDepth });
            var nodes = tree.RootElement.List("stmts");
            // 3
            if (!HaveSameRanges(scan, nodes))
            {
                return new ParseOutcome.Refused(Odd("its parts could not be told from each other for certain"));
            }

            // 4
            var reader = new ParsedReader();
            ReadOnlyMemory<SqlToken> tokens = scan.Tokens.ToArray();
            ImmutableArray<Parsed> parsed =
            [
                .. nodes.Zip(scan.Statements, (node, range) => reader.Read(
                    node.Member("stmt"), new StatementText(text, tokens, range.First, range.Count))),
            ];
            // 5
            foreach (var (span, inner) in reader.Inner)
            {
                if (!await IsSameAsync(text.Slice(span.Start, span.Length), inner, cancellationToken))
                {
                    return new ParseOutcome.Refused(Odd("a statement in it could not be cut out for certain"));
                }
            }

            return new ParseOutcome.List(parsed);
        }
        catch (JsonException)
        {
            // The only reason is that it is deeper than the limit: the library writes JSON that is well-formed.
            return new ParseOutcome.Refused(Odd("it is nested too deeply"));
        }
    }

    private static bool HaveSameRanges(SqlScan scan, ImmutableArray<JsonElement> nodes)
    {
        if (nodes.Length != scan.Statements.Count)
        {
            return false;
        }

        for (var i = 0; i < nodes.Length; i++)
        {
            var range = scan.Statements[i];
            // A length of zero means up to the end of the text, which only the last statement may.
            var length = nodes[i].Number("stmt_len");
            if (nodes[i].Number("stmt_location") != range.Start
                || (length != range.Length && (length != 0 || i != nodes.Length - 1)))
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<bool> IsSameAsync(
        ReadOnlyMemory<byte> piece, JsonElement inner, CancellationToken cancellationToken)
    {
        if (await query.AskAsync(PgQueryVerb.Parse, piece, cancellationToken) is not PgQueryAnswer.Done done)
        {
            return false;
        }

        using var tree = JsonDocument.Parse(done.Content, new JsonDocumentOptions { MaxDepth = TreeWalk.MostDepth });
        var nodes = tree.RootElement.List("stmts");
        return nodes.Length == 1 && TreeWalk.AreSame(
            JsonMarshal.GetRawUtf8Value(nodes[0].Member("stmt")), JsonMarshal.GetRawUtf8Value(inner));
    }
}
