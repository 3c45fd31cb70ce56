using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Tests.Postgres.Model;

/// <summary>Modelled connections behind a real socket; whoever comes is let in.</summary>
internal sealed class ModelDatabase : IDisposable
{
    private const int Most = 1_000_000;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public ModelDatabase() => _listener.Start();

    public DatabaseAddress Address => new()
    {
        Host = "127.0.0.1",
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        SslMode = SslMode.Disable,
    };

    /// <summary>Serves the next connection to its end.</summary>
    public async Task ServeAsync(ModelServer server, CancellationToken cancellationToken)
    {
        using var socket = await _listener.AcceptSocketAsync(cancellationToken);
        socket.NoDelay = true;
        await using var stream = new NetworkStream(socket);
        var length = new byte[sizeof(int)];
        await stream.ReadExactlyAsync(length, cancellationToken);
        await stream.ReadExactlyAsync(
            new byte[BinaryPrimitives.ReadInt32BigEndian(length) - sizeof(int)], cancellationToken);
        using var writer = new WireWriter(stream);
        writer.WriteAuthenticationOk();
        writer.WriteParameterStatus("client_encoding", "UTF8");
        writer.WriteParameterStatus("standard_conforming_strings", "on");
        writer.WriteReadyForQuery(TransactionStatus.Idle);
        await writer.FlushAsync(cancellationToken);
        using var reader = new WireReader(stream);
        await TalkAsync(server, reader, writer, cancellationToken);
    }

    public void Dispose() => _listener.Dispose();

    private static async Task TalkAsync(
        ModelServer server, WireReader reader, WireWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            while (await reader.ReadAsync(Most, cancellationToken) is { IsEnd: false } message)
            {
                // As the real one, it keeps its answers until somebody asks for them.
                if (server.Take(message, writer))
                {
                    await writer.FlushAsync(cancellationToken);
                }
            }
        }
        catch (Exception cut) when (cut is IOException or ProtocolViolation)
        {
            // The gate hung up, in the middle of a message where its own end came in the middle of one.
        }
    }
}
