namespace Countersign.Tests.Postgres.Model;

/// <summary>
/// The client's end of a connection: its messages come in pieces, each when the session has nothing else to do, and
/// then it stays silent; what it hears is kept.
/// </summary>
internal sealed class ScriptedClient(IEnumerable<byte[]> pieces) : Stream
{
    private readonly Queue<byte[]> _pieces = new(pieces);
    private readonly MemoryStream _heard = new();
    private ReadOnlyMemory<byte> _rest;

    public byte[] Heard => _heard.ToArray();

    /// <summary>Sees each piece before the session does, and says what the session gets of it.</summary>
    public Func<byte[], ValueTask<byte[]>> BeforePiece { get; set; } = ValueTask.FromResult;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            if (!_pieces.TryDequeue(out var next))
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            _rest = await BeforePiece(next!);
        }

        var length = Math.Min(buffer.Length, _rest.Length);
        _rest[..length].CopyTo(buffer);
        _rest = _rest[length..];
        return length;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _heard.WriteAsync(buffer, cancellationToken);

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
