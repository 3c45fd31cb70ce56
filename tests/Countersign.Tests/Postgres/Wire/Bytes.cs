using System.Buffers.Binary;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Wire;

/// <summary>Bytes of messages, made by hand or by the writers under test.</summary>
internal static class Bytes
{
    /// <summary>What a writer appends.</summary>
    public static byte[] Of(Action<WireWriter> write)
    {
        using var sent = new MemoryStream();
        using var writer = new WireWriter(sent);
        write(writer);
        writer.FlushAsync(TestContext.Current.CancellationToken).AsTask().GetAwaiter().GetResult();
        return sent.ToArray();
    }

    public static byte[] BodyOf(Action<WireWriter> write) => Of(write)[MessageHead.Size..];

    /// <summary>A message whose length is what the caller claims.</summary>
    public static byte[] Message(char type, int length, params byte[] body)
    {
        var message = new byte[MessageHead.Size + body.Length];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), length);
        body.CopyTo(message, MessageHead.Size);
        return message;
    }

    public static byte[] Message(char type, params byte[] body) => Message(type, sizeof(int) + body.Length, body);
}
