using System.Buffers;
using System.IO.Pipelines;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>
/// Reads lines that end in LF or CR LF, each within a limit: the frame of stdio and of event streams.
/// </summary>
internal sealed class LineReader(Stream stream, int maxLine) : IAsyncDisposable
{
    private readonly PipeReader _pipe = PipeReader.Create(stream);

    /// <summary>
    /// The next line without its end; <c>null</c> at the end of the stream, where an unfinished line is dropped.
    /// </summary>
    /// <exception cref="MessageTooLongException">A line is longer than the limit.</exception>
    public async ValueTask<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _pipe.ReadAsync(cancellationToken);
            if (TryTake(read.Buffer, out var line, out var rest))
            {
                _pipe.AdvanceTo(rest);
                return line;
            }

            if (read.Buffer.Length > maxLine)
            {
                throw new MessageTooLongException(maxLine);
            }

            _pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }

    public ValueTask DisposeAsync() => _pipe.CompleteAsync();

    private bool TryTake(ReadOnlySequence<byte> buffer, out byte[]? line, out SequencePosition rest)
    {
        line = null;
        rest = default;
        if (buffer.PositionOf((byte)'\n') is not { } end)
        {
            return false;
        }

        var content = buffer.Slice(0, end);
        if (content.Length > maxLine)
        {
            throw new MessageTooLongException(maxLine);
        }

        line = content.ToArray();
        line = line is [.. var bare, (byte)'\r'] ? bare : line;
        rest = buffer.GetPosition(1, end);
        return true;
    }
}

/// <summary>The other side sent more than a named limit allows.</summary>
internal sealed class MessageTooLongException(int limit)
    : Exception($"A message is longer than {limit} bytes; have the server send less, or raise the limit.");
