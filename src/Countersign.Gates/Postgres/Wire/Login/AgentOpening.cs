using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// A connection before its agent is known: packets without type, and the change to TLS. It reads exactly what it was
/// promised, so that no byte from before TLS can count as one from inside.
/// </summary>
internal sealed class AgentOpening : IAsyncDisposable
{
    private const byte TlsHandshake = 0x16;

    private readonly Socket _socket;
    private readonly AgentLoginOptions _options;
    private Stream _stream;
    private bool _askedForTls;
    private bool _askedForGss;

    public AgentOpening(Socket socket, AgentLoginOptions options)
    {
        socket.NoDelay = true;
        (_socket, _options) = (socket, options);
        _stream = new NetworkStream(socket, ownsSocket: true);
        (Reader, Writer) = (new WireReader(_stream), new WireWriter(_stream));
    }

    public WireReader Reader { get; private set; }

    public WireWriter Writer { get; private set; }

    public bool IsEncrypted { get; private set; }

    public byte[]? Binding => IsEncrypted ? _options.Tls!.Binding : null;

    /// <summary>SHA-256 of the client's certificate, whose key this connection was made with.</summary>
    public byte[]? Certificate => _stream is SslStream { RemoteCertificate: { } certificate }
        ? SHA256.HashData(certificate.GetRawCertData())
        : null;

    /// <summary>
    /// The StartupMessage or the CancelRequest, inside TLS if the client wanted that; nothing at the end.
    /// </summary>
    public async Task<StartupPacket?> ReadAsync(CancellationToken cancellationToken)
    {
        await TakeDirectTlsAsync(cancellationToken);
        while (true)
        {
            switch (await ReadPacketAsync(cancellationToken))
            {
                case StartupPacket.SslRequest when !_askedForTls && !IsEncrypted:
                    _askedForTls = true;
                    await AnswerAsync(_options.Tls, cancellationToken);
                    break;
                case StartupPacket.GssEncRequest when !_askedForGss && !IsEncrypted:
                    _askedForGss = true;
                    await AnswerAsync(tls: null, cancellationToken);
                    break;
                case StartupPacket.SslRequest or StartupPacket.GssEncRequest:
                    throw new ProtocolViolation("Encryption was asked for twice.") { IsFatal = true };
                case var packet:
                    return packet;
            }
        }
    }

    public AgentConnection ToConnection(AgentParameters parameters, AgentSecret secret, int minor) =>
        new(_socket, _stream, Reader, Writer, parameters)
        {
            Secret = secret,
            Minor = minor,
            IsEncrypted = IsEncrypted,
        };

    /// <summary>Tells the client why, if it still listens.</summary>
    public async Task<AgentArrival> RefuseAsync(ErrorFields why, CancellationToken cancellationToken)
    {
        try
        {
            Writer.WriteErrorResponse(why);
            await Writer.FlushAsync(cancellationToken);
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException)
        {
            // The refusal stands whether or not the client reads it.
        }

        return new AgentArrival.Refused(why.Code, why.Message);
    }

    public async ValueTask DisposeAsync()
    {
        Reader.Dispose();
        Writer.Dispose();
        await _stream.DisposeAsync();
    }

    private async Task TakeDirectTlsAsync(CancellationToken cancellationToken)
    {
        var first = new byte[1];
        var peeked = await _socket.ReceiveAsync(first, SocketFlags.Peek, cancellationToken);
        if (peeked == 1 && first[0] == TlsHandshake && _options.Tls is { } tls)
        {
            await EncryptAsync(tls, isDirect: true, cancellationToken);
        }
    }

    private async Task<StartupPacket?> ReadPacketAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_options.Limits.StartupMessage);
        try
        {
            var head = buffer.AsMemory(0, sizeof(int));
            var begun = await _stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
            if (begun < head.Length)
            {
                return null;
            }

            var length = StartupPacket.ReadLength(head.Span, _options.Limits.StartupMessage);
            var packet = buffer.AsMemory(0, length - sizeof(int));
            await _stream.ReadExactlyAsync(packet, cancellationToken);
            return StartupPacket.Read(packet.Span);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task AnswerAsync(AgentTls? tls, CancellationToken cancellationToken)
    {
        if (_socket.Available > 0)
        {
            throw new ProtocolViolation("Something was sent before encryption was settled.") { IsFatal = true };
        }

        await _stream.WriteAsync(new[] { (byte)(tls is null ? 'N' : 'S') }, cancellationToken);
        if (tls is not null)
        {
            await EncryptAsync(tls, isDirect: false, cancellationToken);
        }
    }

    private async Task EncryptAsync(AgentTls tls, bool isDirect, CancellationToken cancellationToken)
    {
        _stream = await tls.AcceptAsync(_stream, isDirect, cancellationToken);
        Reader.Dispose();
        Writer.Dispose();
        (Reader, Writer, IsEncrypted) = (new WireReader(_stream), new WireWriter(_stream), true);
    }
}
