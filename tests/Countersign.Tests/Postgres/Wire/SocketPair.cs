using System.Net;
using System.Net.Sockets;

namespace Countersign.Tests.Postgres.Wire;

/// <summary>Two ends of one real connection on the loopback.</summary>
internal sealed class SocketPair : IDisposable
{
    private SocketPair(Socket client, Socket server)
    {
        Client = client;
        Server = server;
    }

    public Socket Client { get; }

    public Socket Server { get; }

    public NetworkStream ClientStream => new(Client);

    public NetworkStream ServerStream => new(Server);

    public static async Task<SocketPair> OpenAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var cancellationToken = TestContext.Current.CancellationToken;
        await client.ConnectAsync(listener.LocalEndpoint, cancellationToken);
        return new SocketPair(client, await listener.AcceptSocketAsync(cancellationToken));
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}
