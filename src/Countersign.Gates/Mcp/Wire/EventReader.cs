using System.Text;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>
/// Reads the data of an event stream as the HTML standard, section 9.2.6, interprets it. Names, ids and retry times of
/// events are skipped: an answer whose stream broke is not fetched again, so nothing needs them.
/// </summary>
internal sealed class EventReader(Stream stream, int maxEvent) : IAsyncDisposable
{
    private readonly LineReader _lines = new(stream, maxEvent);

    /// <summary>The data of the next event that has some; <c>null</c> at the end of the stream.</summary>
    /// <exception cref="MessageTooLongException">An event is larger than the limit.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        byte[]? data = null;
        while (await _lines.ReadAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0 && data is not null)
            {
                return data;
            }

            data = Append(data, line);
            if (data?.Length > maxEvent)
            {
                throw new MessageTooLongException(maxEvent);
            }
        }

        return null;
    }

    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    private static byte[]? Append(byte[]? data, byte[] line)
    {
        var colon = Array.IndexOf(line, (byte)':');
        var name = Encoding.UTF8.GetString(colon < 0 ? line : line[..colon]);
        if (name != "data")
        {
            return data;
        }

        var value = colon < 0 ? [] : line[(colon + 1)..];
        value = value is [(byte)' ', .. var rest] ? rest : value;
        return data is null ? value : [.. data, (byte)'\n', .. value];
    }
}
