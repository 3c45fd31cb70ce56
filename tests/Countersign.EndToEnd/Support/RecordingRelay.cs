using System.Net;
using System.Net.Sockets;

namespace Countersign.EndToEnd.Support;

/// <summary>Stands between a client and a server, and keeps every byte that the server sends.</summary>
internal sealed class RecordingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    /// <summary>What each connection has brought; guarded by itself.</summary>
    private readonly List<MemoryStream> _heard = [];
    private readonly int _server;
    private readonly Task _accepting;

    public RecordingRelay(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What each connection has brought so far, in the order in which they were made.</summary>
    public IReadOnlyList<byte[]> Heard()
    {
        lock (_heard)
        {
            return [.. _heard.Select(one => one.ToArray())];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relaying = new List<Task>();
        while (!_over.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_over.Token);
                var heard = new MemoryStream();
                lock (_heard)
                {
                    _heard.Add(heard);
                }

                relaying.Add(RelayAsync(client, heard));
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
            {
                break;
            }
        }

        await Task.WhenAll(relaying);
    }

    private async Task RelayAsync(TcpClient client, MemoryStream heard)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _server, _over.Token);
                var asked = client.GetStream().CopyToAsync(server.GetStream(), _over.Token);
                await KeepAsync(server.GetStream(), client.GetStream(), heard);
                await asked;
            }
            catch (Exception end) when (end is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // One of both hung up.
            }
        }
    }

    private async Task KeepAsync(NetworkStream server, NetworkStream client, MemoryStream heard)
    {
        var buffer = new byte[64 * 1024];
        for (var read = await server.ReadAsync(buffer, _over.Token);
             read > 0;
             read = await server.ReadAsync(buffer, _over.Token))
        {
            lock (_heard)
            {
                heard.Write(buffer, 0, read);
            }

            await client.WriteAsync(buffer.AsMemory(0, read), _over.Token);
        }

        client.Socket.Shutdown(SocketShutdown.Send);
    }
}
