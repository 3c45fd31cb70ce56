using System.Text.Json;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// What is found by going through a whole tree once, however deep: without recursion, since a text of one agent decides
/// the depth.
/// </summary>
internal static class TreeWalk
{
    /// <summary>Levels of JSON; an expression takes about three for each of its own.</summary>
    public const int MostDepth = 20_000;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = MostDepth };

    /// <summary>Whether there is an UPDATE or DELETE without a condition.</summary>
    public static bool HasNoWhere(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, s_options);
        var open = new Stack<(int Depth, bool HasCondition)>();
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("UpdateStmt"u8) || reader.ValueTextEquals("DeleteStmt"u8))
                {
                    open.Push((reader.CurrentDepth + 1, false));
                }
                else if (open.TryPeek(out var change)
                    && change.Depth == reader.CurrentDepth
                    && reader.ValueTextEquals("whereClause"u8))
                {
                    open.Pop();
                    open.Push(change with { HasCondition = true });
                }
            }
            else if (reader.TokenType == JsonTokenType.EndObject
                && open.TryPeek(out var ended)
                && ended.Depth == reader.CurrentDepth + 1)
            {
                if (!ended.HasCondition)
                {
                    return true;
                }

                open.Pop();
            }
        }

        return false;
    }

    /// <summary>
    /// Whether an expression is kept for later: a default, a check, a condition of an index. Plain constants and the
    /// SQL standard's own values (CURRENT_TIMESTAMP) are no code.
    /// </summary>
    public static bool HasKeptCode(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, s_options);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && KeepsCode(ref reader))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether two trees differ in nothing but the places in their texts.</summary>
    public static bool AreSame(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var first = new Utf8JsonReader(one, s_options);
        var second = new Utf8JsonReader(other, s_options);
        while (true)
        {
            var (goesOn, alsoGoesOn) = (ReadOn(ref first), ReadOn(ref second));
            if (goesOn != alsoGoesOn)
            {
                return false;
            }

            if (!goesOn)
            {
                return true;
            }

            if (first.TokenType != second.TokenType || !first.ValueSpan.SequenceEqual(second.ValueSpan))
            {
                return false;
            }
        }
    }

    private static bool KeepsCode(ref Utf8JsonReader reader)
    {
        if (!reader.ValueTextEquals("raw_expr"u8)
            && !reader.ValueTextEquals("raw_default"u8)
            && !reader.ValueTextEquals("where_clause"u8))
        {
            return false;
        }

        // The object of the expression, and the name of its kind.
        return reader.Read()
            && reader.Read()
            && reader.TokenType == JsonTokenType.PropertyName
            && !reader.ValueTextEquals("A_Const"u8)
            && !reader.ValueTextEquals("SQLValueFunction"u8);
    }

    /// <summary>
    /// The next token that says something: not where a node stood. Only tablespaces have a location that is a text.
    /// </summary>
    private static bool ReadOn(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || !IsPlace(ref reader))
            {
                return true;
            }

            var ahead = reader;
            if (!ahead.Read() || ahead.TokenType != JsonTokenType.Number)
            {
                return true;
            }

            reader = ahead;
        }

        return false;
    }

    private static bool IsPlace(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("location"u8)
        || reader.ValueTextEquals("stmt_location"u8)
        || reader.ValueTextEquals("stmt_len"u8);
}
