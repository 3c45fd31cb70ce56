namespace Countersign.Gates.Postgres.Parsing;

/// <summary>Why a text is not understood, as an ErrorResponse says it.</summary>
/// <param name="SqlState">Field <c>C</c>.</param>
/// <param name="Message">Field <c>M</c>.</param>
internal sealed record SqlFault(string SqlState, string Message)
{
    public const string SyntaxError = "42601";
    private const string TooComplex = "54001";
    private const string LimitExceeded = "54000";
    private const string NotUtf8 = "22021";

    /// <summary>A longer piece of the text than this helps nobody to find the place.</summary>
    private const int LongestNear = 40;

    /// <summary>Field <c>H</c>: what to do instead.</summary>
    public string? Hint { get; init; }

    /// <summary>Field <c>P</c>: the place in characters, from 1.</summary>
    public int? Position { get; init; }

    public static SqlFault Syntax(string what, ReadOnlySpan<byte> text, int start, int end) =>
        new(SyntaxError, start == text.Length
            ? $"{what} at end of input"
            : $"{what} at or near \"{Near(text, start, end)}\"")
        {
            Position = PositionOf(text, start),
        };

    public static SqlFault TooLong(int limit) => new(LimitExceeded, $"statement is longer than {limit} bytes")
    {
        Hint = "Send smaller statements: split lists of values, or pass them as parameters or with COPY. "
            + "Nothing was executed. An operator can raise limits.statement.",
    };

    public static SqlFault TooMany(string what, int limit, ReadOnlySpan<byte> text, int at) =>
        new(TooComplex, $"statement has more than {limit} {what}")
        {
            Position = PositionOf(text, at),
            Hint = "Nothing was executed. Split the statement, or write it with parameters, arrays or lists instead of "
                + "long chains and deep nesting.",
        };

    public static SqlFault Encoding(int at) => new(NotUtf8, $"invalid byte for encoding \"UTF8\" at byte {at + 1}")
    {
        Hint = "Send text as UTF-8 without NUL bytes; this gateway takes no other client_encoding.",
    };

    /// <summary>The place of a byte in characters, from 1, as drivers and psql count.</summary>
    public static int PositionOf(ReadOnlySpan<byte> text, int at)
    {
        var characters = 1;
        foreach (var each in text[..at])
        {
            // Continuation bytes of UTF-8 belong to the character before them.
            characters += (each & 0xC0) == 0x80 ? 0 : 1;
        }

        return characters;
    }

    private static string Near(ReadOnlySpan<byte> text, int start, int end)
    {
        var length = Math.Min(end - start, LongestNear);
        while (start + length < text.Length && (text[start + length] & 0xC0) == 0x80)
        {
            length--;
        }

        return System.Text.Encoding.UTF8.GetString(text.Slice(start, Math.Max(length, 0)));
    }
}
