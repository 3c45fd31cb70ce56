using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// COPY data on its way from the client to the database. Until the client ends it, only the messages of this state are
/// taken: a query in the middle of it would reach a database that is somewhere else by then.
/// </summary>
internal sealed class CopyIn(SessionState session)
{
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        var (client, backend) = (session.Client, session.Backend);
        await client.FlushAsync(cancellationToken);
        while (backend.IsCopyingIn)
        {
            var message = await client.ReadAsync(session.Options.Limits.ClientMessage, cancellationToken);
            switch (message.Type)
            {
                case FrontendMessage.CopyData:
                    await SendAsync(message, cancellationToken);
                    break;
                case FrontendMessage.CopyDone:
                case FrontendMessage.CopyFail:
                    await EndAsync(message, cancellationToken);
                    break;
                case FrontendMessage.Flush:
                case FrontendMessage.Sync:
                    // Ignored in this state, as the server does (PostgreSQL manual, "COPY Operations").
                    break;
                case 0:
                    throw new ClientGone();
                default:
                    throw new ProtocolViolation(
                        $"A message '{(char)message.Type}' came in the middle of COPY data.") { IsFatal = true };
            }
        }
    }

    private async Task SendAsync(WireMessage data, CancellationToken cancellationToken)
    {
        var writer = session.Backend.Out;
        writer.Append(data.Bytes.Span);
        if (writer.IsFull)
        {
            await writer.FlushAsync(cancellationToken);
            // Others may wait for this thread, and more data may be here already.
            await Task.Yield();
        }
    }

    private async Task EndAsync(WireMessage end, CancellationToken cancellationToken)
    {
        var backend = session.Backend;
        backend.Out.Append(end.Bytes.Span);
        backend.Out.WriteFlush();
        backend.IsCopyingIn = false;
        await backend.SettleAsync(cancellationToken);
    }
}

/// <summary>The client closed the connection in the middle of something.</summary>
internal sealed class ClientGone() : Exception("The client closed the connection.");
