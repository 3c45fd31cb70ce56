using System.Buffers;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>
/// Reads the data of an event stream as the HTML standard, section 9.2.6, interprets it. Names, ids and retry times of
/// events are skipped: an answer whose stream broke is not fetched again, so nothing needs them.
/// </summary>
internal sealed class EventReader(Stream stream, int maxEvent) : IAsyncDisposable
{
    private readonly LineReader _lines = new(stream, maxEvent);

    private static ReadOnlySpan<byte> Field => "data"u8;

    /// <summary>The data of the next event that has some; <c>null</c> at the end of the stream.</summary>
    /// <exception cref="MessageTooLongException">An event is larger than the limit.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte>? data = null;
        while (await _lines.ReadAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0 && data is not null)
            {
                return data.WrittenMemory;
            }

            if (IsData(line))
            {
                data = Append(data, line);
            }

            if (data?.WrittenCount > maxEvent)
            {
                throw new MessageTooLongException(maxEvent);
            }
        }

        return null;
    }

    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    private static bool IsData(ReadOnlySpan<byte> line) =>
        line.StartsWith(Field) && (line.Length == Field.Length || line[Field.Length] == (byte)':');

    private static ArrayBufferWriter<byte> Append(ArrayBufferWriter<byte>? data, ReadOnlySpan<byte> line)
    {
        var value = line.Length == Field.Length ? [] : line[(Field.Length + 1)..];
        value = value is [(byte)' ', .. var rest] ? rest : value;
        if (data is null)
        {
            data = new ArrayBufferWriter<byte>(value.Length + 1);
        }
        else
        {
            data.Write("\n"u8);
        }

        data.Write(value);
        return data;
    }
}
