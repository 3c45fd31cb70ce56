using System.Buffers;
using System.Text.Json;

namespace Countersign.Core.Actions;

internal static class CanonicalDocument
{
    public static byte[] Of(TargetName target, string operation, ReadOnlySpan<byte> arguments)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WritePropertyName("arguments");
        writer.WriteRawValue(arguments);
        writer.WriteString("operation", operation);
        writer.WriteString("target", target.Value);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
