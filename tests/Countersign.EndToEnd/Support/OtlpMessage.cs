using System.Buffers.Binary;
using System.Text;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// Reads as much of an <c>ExportTraceServiceRequest</c> as the tests look at; the numbers are those of
/// opentelemetry-proto's <c>trace.proto</c>, <c>resource.proto</c> and <c>common.proto</c>.
/// </summary>
internal static class OtlpMessage
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    public static IEnumerable<ReceivedSpan> SpansOf(byte[] request)
    {
        foreach (var resourceSpans in Parts(request, 1))
        {
            var resource = Parts(resourceSpans, 1).SelectMany(found => Attributes(found, 1)).ToDictionary();
            foreach (var span in Parts(resourceSpans, 2).SelectMany(scope => Parts(scope, 2)))
            {
                yield return new ReceivedSpan(Hex(span, 1), Hex(span, 2), Hex(span, 4), Text(span, 5))
                {
                    Kind = Numbers(span, 6).FirstOrDefault(),
                    Attributes = Attributes(span, 9).ToDictionary(),
                    Resource = resource,
                };
            }
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Attributes(ReadOnlyMemory<byte> message, int field) =>
        Parts(message, field).Select(pair =>
            KeyValuePair.Create(Text(pair, 1), string.Join(',', Parts(pair, 2).SelectMany(Values))));

    /// <summary>A text, a number, or the values of an array.</summary>
    private static IEnumerable<string> Values(ReadOnlyMemory<byte> value) =>
    [
        .. Parts(value, 1).Select(text => Encoding.UTF8.GetString(text.Span)),
        .. Numbers(value, 3).Select(number => $"{number}"),
        .. Parts(value, 5).SelectMany(array => Parts(array, 1)).SelectMany(Values),
    ];

    private static string Hex(ReadOnlyMemory<byte> message, int field) =>
        Convert.ToHexStringLower(Parts(message, field).FirstOrDefault().Span);

    private static string Text(ReadOnlyMemory<byte> message, int field) =>
        Encoding.UTF8.GetString(Parts(message, field).FirstOrDefault().Span);

    private static IEnumerable<ReadOnlyMemory<byte>> Parts(ReadOnlyMemory<byte> message, int field) =>
        Fields(message).Where(found => found.Field == field && found.Wire == Bytes).Select(found => found.Part);

    private static IEnumerable<long> Numbers(ReadOnlyMemory<byte> message, int field) =>
        Fields(message).Where(found => found.Field == field && found.Wire == Varint).Select(found => found.Number);

    private static IEnumerable<(int Field, int Wire, ReadOnlyMemory<byte> Part, long Number)> Fields(
        ReadOnlyMemory<byte> message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var key = ReadVarint(message.Span, ref at);
            var (field, wire) = ((int)(key >> 3), (int)(key & 7));
            var number = wire switch
            {
                Fixed64 => BinaryPrimitives.ReadInt64LittleEndian(message.Span[at..]),
                Fixed32 => BinaryPrimitives.ReadInt32LittleEndian(message.Span[at..]),
                _ => ReadVarint(message.Span, ref at),
            };
            var length = wire switch
            {
                Varint => 0,
                Fixed64 => sizeof(long),
                Fixed32 => sizeof(int),
                Bytes => (int)number,
                _ => throw new InvalidDataException($"Wire type {wire} is not of protobuf 3."),
            };
            yield return (field, wire, message.Slice(at, length), number);
            at += length;
        }
    }

    private static long ReadVarint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0L;
        for (var shift = 0; ; shift += 7)
        {
            var part = bytes[at++];
            value |= (long)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
