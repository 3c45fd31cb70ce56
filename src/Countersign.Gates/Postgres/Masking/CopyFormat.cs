using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>How the rows of one COPY are written, as its options say (PostgreSQL manual, COPY).</summary>
internal sealed record CopyFormat
{
    public bool IsBinary { get; init; }

    public bool IsCsv { get; init; }

    public byte Delimiter { get; init; } = (byte)'\t';

    /// <summary>What stands for NULL; in CSV only without quotes.</summary>
    public byte[] Null { get; init; } = [];

    public byte Quote { get; init; } = (byte)'"';

    public byte Escape { get; init; } = (byte)'"';

    public bool HasHeader { get; init; }

    private static byte[] DefaultNull => "\\N"u8.ToArray();

    /// <summary>
    /// Whether a field that reads like NULL is NULL: in text anybody can name a text that a value may have as well.
    /// </summary>
    public bool TellsNull => IsCsv || Null.AsSpan().SequenceEqual("\\N"u8);

    /// <summary>Whether its text is in the encoding that everything else is in.</summary>
    public static bool IsUtf8(Parsed.Copy copy) => copy.Options.All(static option =>
        option.Name != "encoding"
        || (option.Value ?? "").Replace("-", "", StringComparison.Ordinal).ToUpperInvariant() is "UTF8" or "UNICODE");

    /// <summary>The options of a COPY that the server takes; it refuses those that name one twice.</summary>
    public static CopyFormat Of(Parsed.Copy copy)
    {
        var options = copy.Options.ToLookup(static option => option.Name, static option => option.Value ?? "");
        var format = options["format"].LastOrDefault()?.ToLowerInvariant();
        var isCsv = format == "csv";
        var quote = ByteOf(options["quote"].LastOrDefault(), (byte)'"');
        return new CopyFormat
        {
            IsBinary = format == "binary",
            IsCsv = isCsv,
            Delimiter = ByteOf(options["delimiter"].LastOrDefault(), isCsv ? (byte)',' : (byte)'\t'),
            Null = options["null"].LastOrDefault() is { } none
                ? Encoding.UTF8.GetBytes(none)
                : isCsv ? [] : DefaultNull,
            Quote = quote,
            Escape = ByteOf(options["escape"].LastOrDefault(), quote),
            HasHeader = options["header"].LastOrDefault() is { } header
                && header.ToLowerInvariant() is not ("false" or "off" or "0"),
        };
    }

    private static byte ByteOf(string? option, byte otherwise) =>
        Encoding.UTF8.GetBytes(option ?? "") is [var only] ? only : otherwise;
}
