using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Mcp;

/// <summary>The response to a GET: what arrives in the mailbox, and a comment when nothing does.</summary>
internal sealed class MailboxStream(HttpResponse response, McpSession session, McpGateOptions options)
{
    private static readonly byte[] s_comment = ": listening\n\n"u8.ToArray();

    /// <summary>Runs until the token fires.</summary>
    public async Task PumpAsync(CancellationToken cancellationToken)
    {
        await WriteAsync(s_comment, cancellationToken);
        // A session that was taken up again has no connection yet, and without one nothing would ever arrive.
        await session.TryConnectAsync(cancellationToken);
        while (true)
        {
            await WriteAsync(await NextAsync(cancellationToken) ?? s_comment, cancellationToken);
        }
    }

    private async Task<byte[]?> NextAsync(CancellationToken cancellationToken)
    {
        using var heartbeat = new CancellationTokenSource(options.Limits.Heartbeat, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, heartbeat.Token);
        try
        {
            return ClientStream.Event(await session.Mailbox.ReadAsync(either.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task WriteAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(bytes, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
