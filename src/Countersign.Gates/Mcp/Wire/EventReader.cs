using System.Globalization;
using System.Text;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>One server-sent event: its data, and the id to resume after it.</summary>
internal sealed record ServerEvent(ReadOnlyMemory<byte> Data, string? Id, TimeSpan? Retry);

/// <summary>Reads an event stream as the HTML standard, section 9.2.6, interprets it; comments and event names are skipped.</summary>
internal sealed class EventReader(Stream stream, int maxEvent) : IAsyncDisposable
{
    private readonly LineReader _lines = new(stream, maxEvent);

    private string? _id;
    private TimeSpan? _retry;

    /// <summary>The next event, which may hold no data but an id; <c>null</c> at the end of the stream.</summary>
    /// <exception cref="MessageTooLongException">An event is larger than the limit.</exception>
    public async ValueTask<ServerEvent?> ReadAsync(CancellationToken cancellationToken)
    {
        byte[]? data = null;
        while (await _lines.ReadAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                return new ServerEvent(data, _id, _retry);
            }

            data = Take(line, data);
            if (data?.Length > maxEvent)
            {
                throw new MessageTooLongException(maxEvent);
            }
        }

        return null;
    }

    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    private byte[]? Take(byte[] line, byte[]? data)
    {
        var colon = Array.IndexOf(line, (byte)':');
        var name = Encoding.UTF8.GetString(colon < 0 ? line : line[..colon]);
        var value = colon < 0 ? [] : line[(colon + 1)..];
        value = value is [(byte)' ', .. var rest] ? rest : value;
        switch (name)
        {
            case "data":
                return data is null ? value : [.. data, (byte)'\n', .. value];
            case "id":
                _id = Encoding.UTF8.GetString(value);
                return data;
            case "retry" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds):
                _retry = TimeSpan.FromMilliseconds(Math.Min(milliseconds, 60_000));
                return data;
            default:
                return data;
        }
    }
}
