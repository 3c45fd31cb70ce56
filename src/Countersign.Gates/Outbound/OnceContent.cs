using System.Net;

namespace Countersign.Gates.Outbound;

/// <summary>
/// A message body that can be written to the wire one single time, whatever the HTTP stack's own ideas about retrying
/// are, and that knows whether writing began.
/// </summary>
internal sealed class OnceContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _body;
    private int _begun;

    /// <param name="body">The bytes that are sent as they are.</param>
    /// <param name="mediaType">The value of <c>Content-Type</c>; <c>null</c> sends none.</param>
    public OnceContent(ReadOnlyMemory<byte> body, string? mediaType)
    {
        _body = body;
        if (mediaType is not null)
        {
            Headers.TryAddWithoutValidation("Content-Type", mediaType);
        }
    }

    public bool HasBegun => Volatile.Read(ref _begun) != 0;

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _begun, 1) != 0)
        {
            throw new InvalidOperationException("This message was sent before, and it is never sent twice.");
        }

        await stream.WriteAsync(_body, cancellationToken);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
