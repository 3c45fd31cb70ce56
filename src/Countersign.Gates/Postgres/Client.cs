using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The agent's end of a session. What is said to it is gathered and leaves together; whatever has to be durable before
/// it leaves stands in one place, <see cref="FlushAsync"/>.
/// </summary>
internal sealed class Client(WireReader reader, WireWriter writer)
{
    /// <summary>What a client may say ahead while it waits for people; more stays in its connection.</summary>
    private const int HeldBytes = 64 * 1024;

    private Task<bool>? _listening;

    public WireWriter Out => writer;

    /// <summary>
    /// Runs before any byte leaves: reads that are recorded together with their answers are recorded here.
    /// </summary>
    public Func<CancellationToken, ValueTask> BeforeBytesLeave { get; set; } = static _ => ValueTask.CompletedTask;

    /// <summary>Whether the next message is here as a whole, be it that more is listened for.</summary>
    public bool HasMessage => reader.HasWholeMessage;

    /// <summary>
    /// Whether the next message says that it is longer than it may be, so that nothing of it is waited for.
    /// </summary>
    public bool HasLongerThan(int most) => reader.TryPeek(out var head) && head.BodyLength > most;

    /// <summary>Whether the next message is here, and is of a type.</summary>
    public bool Has(byte type) => HasMessage && reader.TryPeek(out var head) && head.Type == type;

    /// <summary>Takes the Sync that is here already; <c>false</c> when another message is, or none.</summary>
    public bool TryTakeSync()
    {
        if (!Has(FrontendMessage.Sync))
        {
            return false;
        }

        return reader.TryRead(most: 0, out var _);
    }

    /// <summary>The next message, when it comes.</summary>
    public async ValueTask<WireMessage> ReadAsync(int most, CancellationToken cancellationToken)
    {
        if (reader.TryRead(most, out var message))
        {
            return message;
        }

        await StopListeningAsync();
        return await reader.ReadAsync(most, cancellationToken);
    }

    /// <summary>
    /// Ends when something came, without taking it; <c>false</c> when the client hung up, or <see cref="IsFull"/>.
    /// </summary>
    public Task<bool> ListenAsync() =>
        _listening is { IsCompleted: false } listening
            ? listening
            : _listening = reader.BufferMoreAsync(HeldBytes, CancellationToken.None).AsTask();

    /// <summary>Whether the client has said so much ahead that nothing more is listened to.</summary>
    public bool IsFull => reader.Buffered >= HeldBytes;

    private async ValueTask StopListeningAsync()
    {
        if (_listening is { } listening)
        {
            _listening = null;
            await listening;
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await BeforeBytesLeave(cancellationToken);
        await writer.FlushAsync(cancellationToken);
    }

    /// <summary>Lets go of what has gathered, so that an answer of any size takes constant memory.</summary>
    public ValueTask FlushIfFullAsync(CancellationToken cancellationToken) =>
        writer.IsFull ? FlushPartAsync(cancellationToken) : ValueTask.CompletedTask;

    /// <summary>A long answer leaves the thread it began in, which may be the one that serves other sockets.</summary>
    private async ValueTask FlushPartAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await Task.Yield();
    }

    public void Say(Refusal refusal) => writer.WriteErrorResponse(refusal.ToFields());

    public void Notice(string text) => writer.WriteNoticeResponse(new ErrorFields
    {
        Severity = ErrorFields.Notice,
        Code = "01000",
        Message = text,
    });
}
