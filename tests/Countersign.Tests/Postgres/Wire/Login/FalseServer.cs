using System.Net;
using System.Net.Sockets;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Tests.Postgres.Wire.Login;

/// <summary>
/// A server on a real socket that plays a script: after each thing it receives it sends the next bytes.
/// </summary>
internal sealed class FalseServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _playing;

    public FalseServer(params Func<byte[], byte[]>[] script)
    {
        _listener.Start();
        _playing = PlayAsync(script);
    }

    /// <summary>Everything that was received, one item for each read.</summary>
    public List<byte[]> Received { get; } = [];

    public DatabaseAddress Address => new()
    {
        Host = "127.0.0.1",
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        SslMode = SslMode.Disable,
    };

    /// <summary>Says the same whatever it received.</summary>
    public static Func<byte[], byte[]> Say(params Action<WireWriter>[] messages) => _ => Bytes.Of(to =>
    {
        foreach (var message in messages)
        {
            message(to);
        }
    });

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _playing;
        _closing.Dispose();
    }

    private async Task PlayAsync(Func<byte[], byte[]>[] script)
    {
        try
        {
            using var socket = await _listener.AcceptSocketAsync(_closing.Token);
            var buffer = new byte[100_000];
            foreach (var answer in script)
            {
                var read = await socket.ReceiveAsync(buffer, _closing.Token);
                if (read == 0)
                {
                    return;
                }

                Received.Add(buffer[..read]);
                await socket.SendAsync(answer(buffer[..read]), _closing.Token);
            }

            socket.Shutdown(SocketShutdown.Send);
            await socket.ReceiveAsync(buffer, _closing.Token);
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException)
        {
            // The client or the test hung up.
        }
    }
}
