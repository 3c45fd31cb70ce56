using System.Buffers;
using System.Text;

namespace Countersign.Server.Console;

/// <summary>
/// Writes text as UTF-8 where it is sent from. A page of the queue as one string would be a large object for every
/// console that is open, each time something changes.
/// </summary>
internal sealed class Utf8Writer(IBufferWriter<byte> output) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Encoding.UTF8.GetBytes(buffer, output);
}
