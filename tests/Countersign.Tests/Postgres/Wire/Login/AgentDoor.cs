using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Tests.Postgres.Wire.Login;

/// <summary>
/// The log-in behind a real listener: every connection becomes an arrival, and an agent that came in gets an answer to
/// whatever it asks, so that real clients are satisfied.
/// </summary>
internal sealed class AgentDoor : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly AgentLogin _login;
    private readonly System.Threading.Channels.Channel<AgentArrival> _arrivals =
        System.Threading.Channels.Channel.CreateUnbounded<AgentArrival>();

    private readonly Task _accepting;

    public AgentDoor(AgentLoginOptions options)
    {
        _login = new AgentLogin(options);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What the next connection turned out to be.</summary>
    public async Task<AgentArrival> NextAsync() =>
        await _arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);

    /// <summary>A raw client, for what no driver would send.</summary>
    public async Task<NetworkStream> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptSocketAsync(_closing.Token)));
            }
        }
        catch (Exception closed) when (
            closed is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over, which a listener between two guests tells as not listening; whoever is still served is
            // waited for.
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            var arrival = await _login.AcceptAsync(socket, _closing.Token);
            _arrivals.Writer.TryWrite(arrival);
            if (arrival is AgentArrival.Agent { Connection: var agent })
            {
                await using (agent)
                {
                    await AnswerAsync(agent);
                }
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The client or the test hung up.
        }
    }

    private async Task AnswerAsync(AgentConnection agent)
    {
        agent.Writer.WriteParameterStatus("server_version", "15.0");
        agent.Writer.WriteParameterStatus("client_encoding", "UTF8");
        agent.Writer.WriteBackendKeyData(1, new byte[agent.Minor == 0 ? 4 : 32]);
        agent.Writer.WriteReadyForQuery(TransactionStatus.Idle);
        await agent.Writer.FlushAsync(_closing.Token);
        while (await agent.Reader.ReadAsync(100_000, _closing.Token) is { IsEnd: false } message)
        {
            if (message.Type == FrontendMessage.Query)
            {
                agent.Writer.WriteRowDescription("who");
                agent.Writer.WriteDataRow(agent.Parameters.User);
                agent.Writer.WriteCommandComplete(Encoding.ASCII.GetBytes("SELECT 1"));
                agent.Writer.WriteReadyForQuery(TransactionStatus.Idle);
                await agent.Writer.FlushAsync(_closing.Token);
            }
        }
    }
}
