using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Countersign.Core.Actions.Json;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A parameter as people read it and as the digest covers it: a value in text is itself, a binary one of a known type
/// is written as that type's text, and everything else shows its bytes. Two values look the same only if the server
/// would read the same from them.
/// </summary>
internal static class ParameterText
{
    private static readonly UTF8Encoding s_strict =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly DateTime s_epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The value as JSON: a string, or <c>{"binary": hex}</c> for what has no reader here.</summary>
    public static CanonicalJson Json(uint type, bool isBinary, ReadOnlySpan<byte> value) =>
        (isBinary ? OfBinary(type, value) : OfText(value)) is { } text
            ? CanonicalJson.Of(text)
            : new CanonicalObject().Add("binary", Convert.ToHexStringLower(value)).ToCanonicalJson();

    private static string? OfText(ReadOnlySpan<byte> value)
    {
        try
        {
            return s_strict.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            // The server will refuse it as well; until then its bytes are what can be shown.
            return null;
        }
    }

    /// <summary>A binary value as its type's text; <c>null</c> for what has no reader here.</summary>
    public static string? OfBinary(uint type, ReadOnlySpan<byte> value) => (type, value.Length) switch
    {
        (PostgresType.Bool, 1) when value[0] <= 1 => value[0] == 1 ? "true" : "false",
        (PostgresType.Int2, 2) => Text(BinaryPrimitives.ReadInt16BigEndian(value)),
        (PostgresType.Int4, 4) => Text(BinaryPrimitives.ReadInt32BigEndian(value)),
        (PostgresType.Int8, 8) => Text(BinaryPrimitives.ReadInt64BigEndian(value)),
        (PostgresType.Oid or PostgresType.Regclass or PostgresType.Regproc, 4) =>
            Text(BinaryPrimitives.ReadUInt32BigEndian(value)),
        (PostgresType.Float4, 4) => Exact(BinaryPrimitives.ReadSingleBigEndian(value)),
        (PostgresType.Float8, 8) => Exact(BinaryPrimitives.ReadDoubleBigEndian(value)),
        (PostgresType.Uuid, 16) => new Guid(value, bigEndian: true).ToString(),
        (PostgresType.Date, 4) => DateOf(BinaryPrimitives.ReadInt32BigEndian(value)),
        (PostgresType.Timestamp or PostgresType.TimestampTz, 8) =>
            TimestampOf(BinaryPrimitives.ReadInt64BigEndian(value), type == PostgresType.TimestampTz),
        (PostgresType.Jsonb, > 1) when value[0] == 1 => OfText(value[1..]),
        (PostgresType.Numeric, _) => NumericText.Of(value),
        (PostgresType.Bytea, _) => $"\\x{Convert.ToHexStringLower(value)}",
        _ when PostgresType.TryFindElement(type, out var element) => ArrayText.Of(element, value, OfBinary),
        _ when PostgresType.IsText(type) => OfText(value),
        _ => null,
    };

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(format: null, CultureInfo.InvariantCulture);

    /// <summary>A NaN has many bit patterns and one text, so its bytes are shown.</summary>
    private static string? Exact<T>(T number)
        where T : System.Numerics.IFloatingPointIeee754<T> =>
        T.IsNaN(number) ? null : number.ToString("R", CultureInfo.InvariantCulture);

    private static string? DateOf(int days) =>
        days is > -730_119 and < 2_921_940
            ? s_epoch.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : null;

    /// <summary>Microseconds since 2000; what .NET's calendar does not reach, infinity among it, has no text.</summary>
    private static string? TimestampOf(long microseconds, bool withZone)
    {
        const long most = 252_455_615_999_999_999;
        const long least = -63_082_281_600_000_000;
        return microseconds is >= least and <= most
            ? s_epoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond).ToString(
                withZone ? "yyyy-MM-dd HH:mm:ss.ffffff'+00'" : "yyyy-MM-dd HH:mm:ss.ffffff",
                CultureInfo.InvariantCulture)
            : null;
    }
}
