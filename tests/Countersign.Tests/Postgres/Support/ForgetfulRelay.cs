using System.Net;
using System.Net.Sockets;

namespace Countersign.Tests.Postgres.Support;

/// <summary>
/// Stands between the gate and the database, and spoils the first few times that a word is sent there: the server gets
/// one of the same length that it does not know.
/// </summary>
internal sealed class ForgetfulRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly (string Host, int Port) _database;
    private readonly byte[] _word;
    private readonly Task _accepting;
    private int _left;

    public ForgetfulRelay(string host, int port, ReadOnlySpan<byte> word, int times)
    {
        (_database, _word, _left) = ((host, port), word.ToArray(), times);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How often it would still spoil the word.</summary>
    public int Left => Volatile.Read(ref _left);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            _ = RelayAsync(await _listener.AcceptTcpClientAsync(_over.Token));
        }
    }

    private async Task RelayAsync(TcpClient gate)
    {
        using var near = gate;
        using var far = new TcpClient();
        await far.ConnectAsync(_database.Host, _database.Port, _over.Token);
        (near.NoDelay, far.NoDelay) = (true, true);
        // Whichever ends first ends both.
        await Task.WhenAny(
            PassAsync(near.GetStream(), far.GetStream(), Spoil),
            PassAsync(far.GetStream(), near.GetStream(), static _ => { }));
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to, Action<Memory<byte>> change)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, _over.Token) is > 0 and var read)
        {
            change(buffer.AsMemory(0, read));
            await to.WriteAsync(buffer.AsMemory(0, read), _over.Token);
        }
    }

    /// <summary>A message of the gate's own is short and written at once, so none is cut in two here.</summary>
    private void Spoil(Memory<byte> sent)
    {
        if (sent.Span.IndexOf(_word) is >= 0 and var at && Interlocked.Decrement(ref _left) >= 0)
        {
            sent.Span[at] = (byte)'x';
        }
    }
}
