using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Countersign.Tests.Channels.Email;

/// <summary>
/// A mail server on a real socket, as far as a client that only sends sees one (RFC 5321): EHLO, STARTTLS, AUTH PLAIN,
/// MAIL, RCPT, DATA, RSET, NOOP and QUIT. What it answers to recipients and mails is the test's.
/// </summary>
internal sealed class SmtpDouble : IAsyncDisposable
{
    public const string User = "countersign";
    public const string Password = "the password of the double";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _sessions = [];
    private Task _accepting = Task.CompletedTask;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>With what it offers STARTTLS; without one it does not.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Whether nobody sends without a password, and with the wrong one neither.</summary>
    public bool AsksForPassword { get; init; }

    /// <summary>The answer to a recipient.</summary>
    public Func<string, string> OnRecipient { get; set; } = static _ => "250 ok";

    /// <summary>The answer to a whole mail; <c>null</c> ends the connection instead.</summary>
    public Func<SmtpMail, string?> OnMail { get; set; } = static _ => "250 queued";

    /// <summary>Mails that were taken.</summary>
    public ConcurrentQueue<SmtpMail> Taken { get; } = new();

    /// <summary>Every command, without what follows its first word.</summary>
    public ConcurrentQueue<string> Commands { get; } = new();

    public int Connections { get; private set; }

    public static SmtpDouble Start(X509Certificate2? certificate = null, bool asksForPassword = false)
    {
        var server = new SmtpDouble { Certificate = certificate, AsksForPassword = asksForPassword };
        server._listener.Start();
        server._accepting = server.AcceptAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
            _listener.Dispose();
        }

        await ((Task)Task.WhenAll([_accepting, .. _sessions])).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            Connections++;
            _sessions.Add(new Session(this, client).RunAsync(_stop.Token));
        }
    }

    private sealed class Session(SmtpDouble server, TcpClient client)
    {
        private Stream _stream = client.GetStream();
        private bool _isIn = !server.AsksForPassword;
        private string _from = "";
        private readonly List<string> _to = [];

        private bool IsTls => _stream is SslStream;

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            using (client)
            {
                try
                {
                    await SayAsync("220 double.example ESMTP", cancellationToken);
                    while (await ReadAsync(cancellationToken) is { } line
                        && await AnswerAsync(line, cancellationToken))
                    {
                        // One command after the other.
                    }
                }
                catch (Exception gone) when (gone is IOException or SocketException)
                {
                    // Clients hang up as they like.
                    server.Commands.Enqueue("GONE");
                }
            }
        }

        private async Task<bool> AnswerAsync(string line, CancellationToken cancellationToken)
        {
            var word = line.Split(' ', ':')[0].ToUpperInvariant();
            server.Commands.Enqueue(word);
            switch (word)
            {
                case "EHLO":
                    await GreetAsync(cancellationToken);
                    return true;
                case "STARTTLS":
                    await StartTlsAsync(cancellationToken);
                    return true;
                case "DATA":
                    return await TakeAsync(cancellationToken);
                case "QUIT":
                    await SayAsync("221 bye", cancellationToken);
                    return false;
                default:
                    await SayAsync(AnswerTo(word, line), cancellationToken);
                    return true;
            }
        }

        private string AnswerTo(string word, string line)
        {
            switch (word)
            {
                case "AUTH":
                    var expected = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{User}\0{Password}"));
                    _isIn = line == $"AUTH PLAIN {expected}";
                    return _isIn ? "235 in" : "535 5.7.8 no";
                case "MAIL" when !_isIn:
                    return "530 5.7.0 who are you";
                case "MAIL":
                    _from = AddressIn(line);
                    _to.Clear();
                    return "250 ok";
                case "RCPT":
                    var answer = server.OnRecipient(AddressIn(line));
                    _to.AddRange(answer[0] == '2' ? [AddressIn(line)] : []);
                    return answer;
                default:
                    return word is "RSET" or "NOOP" ? "250 ok" : "502 not known";
            }
        }

        private Task GreetAsync(CancellationToken cancellationToken)
        {
            var lines = new List<string> { "double.example" };
            lines.AddRange(server.Certificate is not null && !IsTls ? ["STARTTLS"] : []);
            lines.AddRange(server.AsksForPassword && (IsTls || server.Certificate is null) ? ["AUTH PLAIN"] : []);
            lines.Add("8BITMIME");
            return SayAsync(
                string.Join("\r\n", lines.Select((line, i) => $"250{(i == lines.Count - 1 ? ' ' : '-')}{line}")),
                cancellationToken);
        }

        private async Task StartTlsAsync(CancellationToken cancellationToken)
        {
            await SayAsync("220 go ahead", cancellationToken);
            var tls = new SslStream(_stream);
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = server.Certificate }, cancellationToken);
            _stream = tls;
        }

        private async Task<bool> TakeAsync(CancellationToken cancellationToken)
        {
            await SayAsync("354 go ahead", cancellationToken);
            var text = new StringBuilder();
            while (await ReadAsync(cancellationToken) is { } line && line != ".")
            {
                // RFC 5321 section 4.5.2: a leading full stop was doubled.
                text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
            }

            var mail = new SmtpMail(_from, [.. _to], text.ToString(), IsTls);
            if (server.OnMail(mail) is not { } answer)
            {
                return false;
            }

            if (answer[0] == '2')
            {
                server.Taken.Enqueue(mail);
            }

            await SayAsync(answer, cancellationToken);
            return true;
        }

        private async Task SayAsync(string text, CancellationToken cancellationToken) =>
            await _stream.WriteAsync(Encoding.ASCII.GetBytes(text + "\r\n"), cancellationToken);

        /// <summary>A line without its end; bytes are kept as they are.</summary>
        private async Task<string?> ReadAsync(CancellationToken cancellationToken)
        {
            var line = new StringBuilder();
            var one = new byte[1];
            while (await _stream.ReadAsync(one, cancellationToken) == 1)
            {
                if (one[0] == '\n' && line.Length > 0 && line[^1] == '\r')
                {
                    return line.ToString(0, line.Length - 1);
                }

                line.Append((char)one[0]);
            }

            return null;
        }

        private static string AddressIn(string line) => line.Split('<', '>')[1];
    }
}

/// <summary>One mail as it came: its envelope and its bytes, each as one character.</summary>
internal sealed partial record SmtpMail(string From, string[] To, string Raw, bool ByTls);
