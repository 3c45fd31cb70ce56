using System.Buffers.Binary;
using System.Text;
using Countersign.Core.Actions;

namespace Countersign.Gates.Mcp;

/// <summary>
/// What a task id stands for: the action, and until when its client was told that it is kept. It travels sealed in the
/// id, so that any node knows the task, also after a restart, and nobody can make or guess one. Who may ask is not in
/// it: the action knows who asked.
/// </summary>
internal sealed record TaskTicket(ActionId Action, DateTimeOffset Promised)
{
    public byte[] ToBytes()
    {
        var name = Encoding.ASCII.GetBytes(Action.Value);
        var bytes = new byte[sizeof(long) + name.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Promised.ToUnixTimeMilliseconds());
        name.CopyTo(bytes, sizeof(long));
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; the seal has vouched for the bytes.</summary>
    public static TaskTicket Read(ReadOnlySpan<byte> bytes) => new(
        ActionId.Parse(Encoding.ASCII.GetString(bytes[sizeof(long)..])),
        DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes)));
}
