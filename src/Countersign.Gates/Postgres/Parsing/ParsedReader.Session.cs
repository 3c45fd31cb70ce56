using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>Transactions, settings and COPY.</summary>
internal sealed partial class ParsedReader
{
    private const string TwoPhase =
        "A prepared transaction outlives its session, so that nobody could hold or bound what it does. Use COMMIT.";

    private const string OtherRole =
        "The gateway logs in with a role that has the rights of this session, and no statement may leave it.";

    private static Parsed ReadTransaction(JsonElement node, StatementText text)
    {
        TransactionVerb? verb = node.Text("kind") switch
        {
            "TRANS_STMT_BEGIN" or "TRANS_STMT_START" => TransactionVerb.Begin,
            "TRANS_STMT_COMMIT" => TransactionVerb.Commit,
            "TRANS_STMT_ROLLBACK" => TransactionVerb.Rollback,
            "TRANS_STMT_SAVEPOINT" => TransactionVerb.Savepoint,
            "TRANS_STMT_RELEASE" => TransactionVerb.Release,
            "TRANS_STMT_ROLLBACK_TO" => TransactionVerb.RollbackTo,
            _ => null,
        };
        if (verb is null)
        {
            var name = Suffix(node.Text("kind"), "TRANS_STMT_");
            return new Parsed.Never(text.At, name == "PREPARE" ? "PREPARE TRANSACTION" : name, TwoPhase);
        }

        var options = OptionsOf(node.List("options"));
        return new Parsed.Transaction(text.At, verb.Value)
        {
            Options = node.Flag("chain") ? options.Add("AND CHAIN") : options,
            Name = node.Text("savepoint_name"),
        };
    }

    private static ImmutableArray<string> OptionsOf(ImmutableArray<JsonElement> options) =>
    [
        .. options.OfKind("DefElem").Select(option => (option.Text("defname"), option.Member("arg").Constant()) switch
        {
            ("transaction_isolation", { } level) => $"ISOLATION LEVEL {level.ToUpperInvariant()}",
            ("transaction_read_only", "0" or "false") => "READ WRITE",
            ("transaction_read_only", _) => "READ ONLY",
            ("transaction_deferrable", "0" or "false") => "NOT DEFERRABLE",
            ("transaction_deferrable", _) => "DEFERRABLE",
            var (name, value) => $"{name} {value}".ToUpperInvariant(),
        }),
    ];

    private static Parsed ReadSet(JsonElement node, StatementText text)
    {
        var name = (node.Text("name") ?? "").ToLowerInvariant();
        // Back to whom the gate logged in as is no other role; drivers' pools say it between two uses.
        if (name is "role" or "session_authorization" && node.Text("kind") is not ("VAR_RESET" or "VAR_SET_DEFAULT"))
        {
            return new Parsed.Never(text.At, name == "role" ? "SET ROLE" : "SET SESSION AUTHORIZATION", OtherRole);
        }

        var isLocal = node.Flag("is_local");
        switch (node.Text("kind"))
        {
            case "VAR_SET_MULTI":
                return ReadCharacteristics(node, text);
            case "VAR_RESET_ALL":
                return new Parsed.Set(text.At, "all", Values: null, IsLocal: false);
            case "VAR_RESET" or "VAR_SET_DEFAULT":
                return new Parsed.Set(text.At, name, Values: null, isLocal);
            case "VAR_SET_VALUE":
                var values = node.List("args").Select(value => ValueOf(value, text)).ToList();
                return values.Contains(null) || values.Count == 0
                    ? NotUnderstood(text, "SET")
                    : new Parsed.Set(text.At, name, [.. values.OfType<string>()], isLocal);
            default:
                return NotUnderstood(text, "SET");
        }
    }

    /// <summary>
    /// SET takes constants, and for TIME ZONE an interval, which is kept as it is written from its constant on.
    /// </summary>
    private static string? ValueOf(JsonElement value, StatementText text)
    {
        if (value.Constant() is { } constant)
        {
            return constant;
        }

        var start = text.Find("interval", 1);
        return value.Has("TypeCast") && start > 0 ? text.TextOf(text.SpanOf(start, text.Count - start)) : null;
    }

    private static Parsed ReadCharacteristics(JsonElement node, StatementText text) => node.Text("name") switch
    {
        "TRANSACTION" => new Parsed.Transaction(text.At, TransactionVerb.Characteristics)
        {
            Options = OptionsOf(node.List("args")),
        },
        "SESSION CHARACTERISTICS" => new Parsed.Transaction(text.At, TransactionVerb.Characteristics)
        {
            Options = OptionsOf(node.List("args")),
            IsSession = true,
        },
        "TRANSACTION SNAPSHOT" => new Parsed.Transaction(text.At, TransactionVerb.Characteristics)
        {
            Options = ["SNAPSHOT"],
        },
        _ => NotUnderstood(text, "SET"),
    };

    private Parsed.Copy? ReadCopy(JsonElement node, StatementText text)
    {
        var way = node.Flag("is_from") ? CopyWay.In : CopyWay.Out;
        var outside = (node.Flag("is_program"), node.Text("filename")) switch
        {
            (true, var program) => $"PROGRAM {program}",
            (false, var file) => file,
        };
        var copy = new Parsed.Copy(text.At, way)
        {
            Outside = outside,
            IsBinary = IsBinary(node),
            Options =
            [
                .. node.List("options").OfKind("DefElem").Select(
                    option => (option.Text("defname") ?? "", option.Member("arg").Constant())),
            ],
        };
        if (node.Has("relation"))
        {
            return copy with { Equivalent = EquivalentOf(node, way, text) };
        }

        // A query stands in the first parentheses: COPY ( … ) TO.
        var inner = text.Is(1, TokenKind.Open)
            ? ReadInner(node.Member("query"), text.Slice(2, text.Behind(1) - 3))
            : null;
        return inner is null ? null : copy with { Inner = inner };
    }

    private static bool IsBinary(JsonElement node) => node.List("options").OfKind("DefElem").Any(option =>
        option.Text("defname") == "format" && option.Member("arg").Constant()?.ToLowerInvariant() == "binary");

    /// <summary>Always in quotes: a column called <c>current_user</c> is another thing without them.</summary>
    private static string InQuotes(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string EquivalentOf(JsonElement node, CopyWay way, StatementText text)
    {
        var names = node.List("attlist").Strings();
        var columns = string.Join(", ", names.Select(InQuotes));
        var range = node.Member("relation");
        var relation = range.Text("schemaname") is { } schema
            ? $"{InQuotes(schema)}.{InQuotes(range.Text("relname") ?? "")}"
            : InQuotes(range.Text("relname") ?? "");
        var all = names.IsEmpty ? "*" : columns;
        var target = names.IsEmpty ? relation : $"{relation} ({columns})";
        if (way == CopyWay.Out)
        {
            return $"SELECT {all} FROM ONLY {relation}";
        }

        // The condition is the last clause, and its words stand nowhere else outside of brackets.
        var condition = node.Has("whereClause") ? text.Find("where", 2) : -1;
        if (condition > 0)
        {
            var where = text.TextOf(text.SpanOf(condition, text.Count - condition));
            return $"INSERT INTO {target} SELECT {all} FROM {relation} {where}";
        }

        return names.IsEmpty
            ? $"INSERT INTO {relation} DEFAULT VALUES"
            : $"INSERT INTO {target} VALUES ({string.Join(", ", names.Select(_ => "NULL"))})";
    }
}
