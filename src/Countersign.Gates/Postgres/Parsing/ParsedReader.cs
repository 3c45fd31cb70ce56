using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>Turns libpg_query's trees of one text into statements. What it does not know is <c>Never</c>.</summary>
internal sealed partial class ParsedReader
{
    /// <summary>CURSOR_OPT_HOLD of parsenodes.h.</summary>
    private const long HoldOption = 0x20;

    private readonly List<(TextSpan At, JsonElement Tree)> _inner = [];

    /// <summary>
    /// The pieces of text that were taken for statements within others, with the trees that they have there. Whoever
    /// uses them makes sure that each piece means that tree.
    /// </summary>
    public IReadOnlyList<(TextSpan At, JsonElement Tree)> Inner => _inner;

    /// <param name="tagged">The statement's node.</param>
    /// <param name="text">Its tokens.</param>
    public Parsed Read(JsonElement tagged, StatementText text)
    {
        var (kind, node) = tagged.Open();
        return kind switch
        {
            "SelectStmt" or "InsertStmt" or "UpdateStmt" or "DeleteStmt" or "MergeStmt" => ReadQuery(tagged, text),
            "TransactionStmt" => ReadTransaction(node, text),
            "VariableSetStmt" => ReadSet(node, text),
            "VariableShowStmt" => new Parsed.Show(text.At, (node.Text("name") ?? "").ToLowerInvariant()),
            "ExplainStmt" => ReadExplain(node, text),
            "CopyStmt" => (Parsed?)ReadCopy(node, text) ?? NotUnderstood(text, "COPY"),
            "PrepareStmt" => ReadPrepare(node, text),
            "ExecuteStmt" => ReadExecute(node, text),
            "DeallocateStmt" => new Parsed.Deallocate(text.At, node.Text("name"))
            {
                NameAt = text.SpanOf(text.Count - 1, 1),
            },
            "DiscardStmt" => new Parsed.Discard(text.At, Suffix(node.Text("target"), "DISCARD_")),
            "DeclareCursorStmt" => ReadCursor(node, text),
            "FetchStmt" => new Parsed.Fetch(text.At, node.Text("portalname") ?? "", node.Flag("ismove")),
            "ClosePortalStmt" => new Parsed.CloseCursor(text.At, node.Text("portalname")),
            "ListenStmt" => new Parsed.Channel(text.At, "LISTEN", node.Text("conditionname")),
            "UnlistenStmt" => new Parsed.Channel(text.At, "UNLISTEN", node.Text("conditionname")),
            "NotifyStmt" => new Parsed.Channel(text.At, "NOTIFY", node.Text("conditionname")),
            "LockStmt" => ReadLock(node, text),
            "DoStmt" => ReadCode(node, text),
            "CallStmt" => new Parsed.Call(text.At, NameOf(node.Member("funccall").List("funcname").Strings())),
            _ => ReadUtility(kind, tagged, node, text),
        };
    }

    private static Parsed.Query ReadQuery(JsonElement tagged, StatementText text)
    {
        // INTO stands in the first of the queries that UNION and the like combine.
        var query = tagged.Member("SelectStmt");
        while (query.Has("larg"))
        {
            query = query.Member("larg");
        }

        var into = query.Member("intoClause").Member("rel");
        return new Parsed.Query(
            text.At,
            into.ValueKind == JsonValueKind.Undefined ? null : RelationOf(into),
            TreeWalk.HasNoWhere(JsonMarshal.GetRawUtf8Value(tagged)));
    }

    private Parsed ReadExplain(JsonElement node, StatementText text)
    {
        var options = node.List("options").OfKind("DefElem").ToList();
        var isListed = options.Count > 0 && text.Is(1, TokenKind.Open);
        var from = isListed ? text.Behind(1) : 1;
        while (!isListed && (text.Is(from, "analyze") || text.Is(from, "analyse") || text.Is(from, "verbose")))
        {
            from++;
        }

        // The last option of a name is the one that counts.
        var analyze = options.LastOrDefault(option => option.Text("defname") == "analyze");
        var names = options.Select(option => option.Text("defname")).ToList();
        return ReadInner(node.Member("query"), text.From(from)) is { } inner
            ? new Parsed.Explain(
                text.At, inner, analyze.Has("defname") && IsOn(analyze), names.Distinct().Count() < names.Count)
            : NotUnderstood(text, "EXPLAIN");
    }

    /// <summary>As the server reads an option; what it would refuse counts as on.</summary>
    private static bool IsOn(JsonElement option) =>
        !option.Has("arg")
        || (option.Member("arg").Constant() ?? "").ToLowerInvariant() is not ("false" or "off" or "0");

    private Parsed ReadPrepare(JsonElement node, StatementText text)
    {
        var start = text.Find("as", 2);
        var types = Enumerable.Range(2, Math.Max(start - 2, 0)).FirstOrDefault(i => text.Is(i, TokenKind.Open));
        var close = types > 0 ? text.Behind(types) - 1 : 0;
        var span = close > types + 1 ? text.SpanOf(types + 1, close - types - 1) : new TextSpan(text[1].End, 0);
        return start > 0 && ReadInner(node.Member("query"), text.From(start + 1)) is { } inner
            ? new Parsed.Prepare(text.At, node.Text("name") ?? "", span, inner) { NameAt = text.SpanOf(1, 1) }
            : NotUnderstood(text, "PREPARE");
    }

    private static Parsed.Execute ReadExecute(JsonElement node, StatementText text)
    {
        var open = Enumerable.Range(1, text.Count - 1).FirstOrDefault(i => text.Is(i, TokenKind.Open), text.Count);
        var arguments = ImmutableArray.CreateBuilder<TextSpan>();
        for (var i = open + 1; i < text.Count;)
        {
            var from = i;
            while (!text.Is(i, TokenKind.Comma) && i < text.Count - 1)
            {
                i = text.Behind(i);
            }

            arguments.Add(text.SpanOf(from, i - from));
            i++;
        }

        return new Parsed.Execute(text.At, node.Text("name") ?? "", arguments.ToImmutable())
        {
            NameAt = text.SpanOf(1, open - 1),
        };
    }

    private Parsed ReadCursor(JsonElement node, StatementText text)
    {
        var start = text.Find("for", 2);
        return start > 0 && ReadInner(node.Member("query"), text.From(start + 1)) is { } inner
            ? new Parsed.DeclareCursor(
                text.At, node.Text("portalname") ?? "", inner, (node.Number("options") & HoldOption) != 0)
            : NotUnderstood(text, "DECLARE");
    }

    private static Parsed.LockTable ReadLock(JsonElement node, StatementText text) => new(
        text.At,
        [.. node.List("relations").OfKind("RangeVar").Select(range => RangeObject("TABLE", range))],
        node.Number("mode") switch
        {
            1 => "ACCESS SHARE",
            2 => "ROW SHARE",
            3 => "ROW EXCLUSIVE",
            4 => "SHARE UPDATE EXCLUSIVE",
            5 => "SHARE",
            6 => "SHARE ROW EXCLUSIVE",
            7 => "EXCLUSIVE",
            _ => "ACCESS EXCLUSIVE",
        });

    private static Parsed.Code ReadCode(JsonElement node, StatementText text)
    {
        var arguments = node.List("args").OfKind("DefElem").ToList();
        return new Parsed.Code(text.At, Argument("language") ?? "plpgsql", Argument("as") ?? "");

        string? Argument(string name) => arguments
            .Where(argument => argument.Text("defname") == name)
            .Select(argument => argument.Member("arg").Constant())
            .LastOrDefault();
    }

    /// <summary>A statement within this one; <c>null</c> when its text could not be found.</summary>
    private Parsed? ReadInner(JsonElement tagged, StatementText? text)
    {
        if (text is null)
        {
            return null;
        }

        _inner.Add((text.At, tagged));
        return Read(tagged, text);
    }

    private static Parsed.Never NotUnderstood(StatementText text, string verb) =>
        new(text.At, verb, $"This form of {verb} is not understood.");

    private static string RelationOf(JsonElement range) => range.Text("schemaname") is { } schema
        ? new Statements.RelationName(schema, range.Text("relname") ?? "").Text
        : Statements.RelationName.Quoted(range.Text("relname") ?? "");

    private static string NameOf(ImmutableArray<string> parts) =>
        string.Join('.', parts.Select(Statements.RelationName.Quoted));

    /// <summary>What is behind the prefix of a name of C, with spaces.</summary>
    private static string Suffix(string? name, string prefix) =>
        (name ?? "").Replace(prefix, "", StringComparison.Ordinal).Replace('_', ' ');
}
