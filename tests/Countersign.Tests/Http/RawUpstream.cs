using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Countersign.Tests.Http;

/// <summary>
/// A target that keeps every byte it is sent, and answers with the bytes it is told to. It reads a request as HTTP/1.1
/// has it, and nothing else: no library between the gate and what the tests look at.
/// </summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly Task _accepting;
    private bool _isOver;

    public RawUpstream()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Head and body of each request, as they came (Latin-1).</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>
    /// What the next requests are answered with, given the request; <c>null</c> closes the connection.
    /// </summary>
    public Func<string, NetworkStream, Task<bool>> Answer { get; set; } = AnswerOkAsync;

    public string Only => Assert.Single(Requests);

    public static Func<string, NetworkStream, Task<bool>> Says(string answer) => async (_, stream) =>
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(answer));
        return true;
    };

    public static string Ok(string body, string type = "application/json", string more = "") =>
        $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\n{more}Content-Length: {body.Length}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        await _over.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // A test that failed in the middle may have left an answer waiting.
        await Task.WhenAny(Task.WhenAll(_serving), Task.Delay(TimeSpan.FromSeconds(2)));
        _over.Dispose();
    }

    private static async Task<bool> AnswerOkAsync(string request, NetworkStream stream)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(Ok("""{"ok":true}""")));
        return true;
    }

    private async Task AcceptAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            var client = await _listener.AcceptTcpClientAsync(_over.Token);
            _serving.Add(ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        var stream = client.GetStream();
        var pending = new StringBuilder();
        while (await ReadRequestAsync(stream, pending) is { } request)
        {
            _requests.Enqueue(request);
            if (!await Answer(request, stream))
            {
                return;
            }
        }
    }

    private async Task<string?> ReadRequestAsync(NetworkStream stream, StringBuilder pending)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var text = pending.ToString();
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                var length = LengthIn(text[..end]);
                if (text.Length >= end + 4 + length)
                {
                    pending.Remove(0, end + 4 + length);
                    return text[..(end + 4 + length)];
                }
            }

            var read = await stream.ReadAsync(buffer, _over.Token);
            if (read == 0)
            {
                return null;
            }

            pending.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
    }

    private static int LengthIn(string head) => head.Split("\r\n")
        .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
        .Select(line => int.Parse(line["Content-Length:".Length..].Trim(), CultureInfo.InvariantCulture))
        .FirstOrDefault();
}
