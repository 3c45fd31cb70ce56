using System.Buffers.Binary;
using System.Text;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// The first packets of a connection, which have a length and no type: Int32 length, Int32 code, and what belongs to
/// it.
/// </summary>
internal abstract record StartupPacket
{
    private const int Special = 1234 << 16;
    private const int CancelCode = Special | 5678;
    private const int SslCode = Special | 5679;
    private const int GssEncCode = Special | 5680;

    private StartupPacket()
    {
    }

    /// <param name="packet">What follows the length.</param>
    /// <exception cref="ProtocolViolation">It is none of them, or malformed.</exception>
    public static StartupPacket Read(ReadOnlySpan<byte> packet)
    {
        var reader = new BodyReader("start-up", packet);
        var code = reader.Int32();
        switch (code)
        {
            case SslCode:
                reader.End();
                return new SslRequest();
            case GssEncCode:
                reader.End();
                return new GssEncRequest();
            case CancelCode:
                return ReadCancel(reader);
            default:
                return ReadStart(reader, code >> 16, code & 0xFFFF);
        }
    }

    private static Cancel ReadCancel(BodyReader reader)
    {
        var processId = reader.Int32();
        return reader.Rest.Length is >= BackendKeyDataBody.ShortestKey and <= BackendKeyDataBody.LongestKey
            ? new Cancel(processId, reader.Rest.ToArray())
            : throw Fatal($"A CancelRequest has a key of {reader.Rest.Length} bytes; 4 to 256 are allowed.");
    }

    private static Start ReadStart(BodyReader reader, int major, int minor)
    {
        if (major != AgentProtocol.Major)
        {
            throw Fatal(
                $"The protocol {major}.{minor} is not spoken here, only 3.0 and 3.2. Use a PostgreSQL driver.",
                SqlState.FeatureNotSupported);
        }

        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var name = reader.String(); name.Length > 0; name = reader.String())
        {
            var key = Encoding.UTF8.GetString(name);
            if (!parameters.TryAdd(key, Encoding.UTF8.GetString(reader.String())))
            {
                throw Fatal($"The start-up packet names '{key}' twice; name it once.");
            }
        }

        reader.End();
        return new Start(minor, parameters);
    }

    private static ProtocolViolation Fatal(string text, string sqlState = SqlState.ProtocolViolation) =>
        new(text) { IsFatal = true, SqlState = sqlState };

    /// <summary>Int32 length of a packet, which counts itself.</summary>
    /// <exception cref="ProtocolViolation">It is shorter than a code or longer than the limit.</exception>
    public static int ReadLength(ReadOnlySpan<byte> length, int most)
    {
        var claimed = BinaryPrimitives.ReadInt32BigEndian(length);
        return claimed >= 2 * sizeof(int) && claimed <= most
            ? claimed
            : throw Fatal($"A start-up packet claims {claimed} bytes; 8 to {most} are allowed.");
    }

    public sealed record SslRequest : StartupPacket;

    public sealed record GssEncRequest : StartupPacket;

    public sealed record Cancel(int ProcessId, byte[] Key) : StartupPacket;

    public sealed record Start(int Minor, IReadOnlyDictionary<string, string> Parameters) : StartupPacket;
}
