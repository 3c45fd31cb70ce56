using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reads;
using Countersign.Core.Reviews;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Http;

/// <summary>
/// The reads of one connection that pass without waiting for anybody: their method is defined to change nothing, the
/// policy allows them, and target or rule say that they are recorded together with their answers (<c>with</c>) or after
/// them (<c>behind</c>). One entry carries many of them. Everything else goes through the gatekeeper.
/// </summary>
internal sealed class HttpReads : IAsyncDisposable
{
    /// <summary>Requests whose verdict a connection remembers; more are asked for again.</summary>
    private const int MaxRemembered = 256;

    /// <summary>Sessions of reads over one connection: agents, targets and reasons that it brings.</summary>
    private const int MaxSessions = 16;

    private readonly HttpGateOptions _options;
    private readonly HttpVisitor _visitor;
    private readonly SessionReads _reads;
    private readonly Dictionary<ActionDigest, PassingRead?> _known = [];
    private readonly KnownReads _repeated = new();

    /// <summary>Held by the request that is answered: what it reads is added before the session ends.</summary>
    private readonly SemaphoreSlim _busy = new(1);
    private Charter? _charter;
    private bool _isOver;

    private HttpReads(HttpGateOptions options, HttpVisitor visitor, string? reason)
    {
        (_options, _visitor) = (options, visitor);
        _reads = options.Reads!.Open(new ReadSession(visitor.Asker, visitor.Target, GateKind.Http)
        {
            Claimed = Claimed.Of(reason, session: null),
        });
    }

    /// <summary>
    /// The reads of the connection that a request came over; <c>null</c> where several requests share one at the same
    /// time, and where a session of reads cannot speak for the request.
    /// </summary>
    public static HttpReads? Of(
        HttpContext context, HttpVisitor visitor, HttpGateOptions options, ConcurrentDictionary<HttpReads, bool> all)
    {
        if (options.Reads is null
            || !HttpProtocol.IsHttp11(context.Request.Protocol)
            || context.Features.Get<IConnectionItemsFeature>()?.Items is not { } items
            || context.Features.Get<IConnectionLifetimeFeature>() is not { } lifetime)
        {
            return null;
        }

        var key = KeyOf(context, visitor);
        if (items.TryGetValue(key, out var known))
        {
            return (HttpReads)known!;
        }

        if (items.Keys.Count(each => each is Key) >= MaxSessions)
        {
            return null;
        }

        var reads = new HttpReads(options, visitor, key.Reason.Length == 0 ? null : key.Reason);
        all[reads] = true;
        items[key] = reads;
        lifetime.ConnectionClosed.Register(() => _ = EndAsync(reads, all));
        return reads;
    }

    /// <summary>
    /// The reads that the connection of a request has had; <c>null</c> for the first one that it brings.
    /// </summary>
    public static HttpReads? Find(HttpContext context, HttpVisitor visitor) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items is { } items
        && items.TryGetValue(KeyOf(context, visitor), out var known)
            ? (HttpReads)known!
            : null;

    /// <summary>
    /// A request that repeats one of this connection to the character, and would be allowed once more.
    /// </summary>
    public KnownRead? FindRepeated(HttpContext context) =>
        _repeated.TryFind(context, _options.Charter(), _visitor.Options, out var read)
        && !_options.Stopped.Contains(_visitor.Asker.Agent)
            ? read
            : null;

    /// <summary>What an allowed request is, for the next one like it.</summary>
    public void Remember(HttpContext context, KnownRead read)
    {
        if (_charter is { } judgedBy)
        {
            _repeated.Add(context, judgedBy, _visitor.Options, read);
        }
    }

    /// <summary>How a request passes and is recorded; <c>null</c> when it has to be asked for.</summary>
    public PassingRead? FindAllowed(Asking asking)
    {
        if (asking is not { NeedsIntent: false, IdempotencyKey: null }
            || _options.Stopped.Contains(asking.Asker.Agent))
        {
            return null;
        }

        var charter = _options.Charter();
        if (charter != _charter || _known.Count >= MaxRemembered)
        {
            _known.Clear();
            _charter = charter;
        }

        if (!_known.TryGetValue(asking.Action.Digest, out var passing))
        {
            _known[asking.Action.Digest] = passing = Judge(asking, charter);
        }

        return passing;
    }

    /// <summary>Sends a read, and returns when its answer may leave: under <c>with</c> it is recorded then.</summary>
    /// <exception cref="StoreUnavailableException">It was not sent, or it could not be recorded.</exception>
    public async Task<Outcome> RunAsync(
        KnownRead read,
        Func<CancellationToken, Task<(Outcome Outcome, long Bytes)>> send,
        CancellationToken cancellationToken)
    {
        await _busy.WaitAsync(cancellationToken);
        try
        {
            return await RecordedAsync(read, send, cancellationToken);
        }
        finally
        {
            _busy.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _busy.WaitAsync();
        try
        {
            // The connection ends it, and so does the gate, whichever is first.
            if (!_isOver)
            {
                _isOver = true;
                await _reads.DisposeAsync();
            }
        }
        finally
        {
            _busy.Release();
        }
    }

    private static async Task EndAsync(HttpReads reads, ConcurrentDictionary<HttpReads, bool> all)
    {
        await reads.DisposeAsync();
        all.TryRemove(reads, out _);
    }

    private async Task<Outcome> RecordedAsync(
        KnownRead read,
        Func<CancellationToken, Task<(Outcome Outcome, long Bytes)>> send,
        CancellationToken cancellationToken)
    {
        var note = new ReadNote(read.Passing.Statement, read.Action.Arguments.Bytes, _options.Reads!.Now);
        var isBehind = read.Passing.Mode == RecordMode.Behind;
        var ticket = isBehind ? await TicketAsync(cancellationToken) : default;
        var mark = isBehind ? default : _reads.Begin(note);
        var start = Stopwatch.GetTimestamp();
        var (outcome, bytes) = (
            new Outcome(OutcomeState.Unknown, Result: null, "The request was given up.", TimeSpan.Zero), 0L);
        try
        {
            (outcome, bytes) = await send(cancellationToken);
        }
        finally
        {
            var ended = note with
            {
                Duration = Stopwatch.GetElapsedTime(start),
                State = outcome.State,
                Error = outcome.Error,
                Bytes = bytes,
            };
            if (isBehind)
            {
                _reads.End(ticket, ended);
            }
            else
            {
                _reads.Add(ended, mark);
            }
        }

        if (!isBehind)
        {
            await _reads.RecordAsync(cancellationToken);
        }

        return outcome;
    }

    private ValueTask<ReadTicket> TicketAsync(CancellationToken cancellationToken) =>
        _reads.TryBegin(out var ticket)
            ? ValueTask.FromResult(ticket)
            : new ValueTask<ReadTicket>(_reads.BeginAsync(cancellationToken));

    private static Key KeyOf(HttpContext context, HttpVisitor visitor) => new(
        visitor.Asker, visitor.Target.Name, context.Request.Headers["Countersign-Reason"].ToString());

    private PassingRead? Judge(Asking asking, Charter charter)
    {
        // A verdict that could be another one in a minute, or with a preview, is asked for each time.
        if (!charter.JudgesShapes(GateKind.Http) || charter.NeedsPreview(asking)
            || charter.Judge(asking, preview: null) is not { Outcome: VerdictOutcome.Allow } verdict)
        {
            return null;
        }

        var mode = verdict.RecordAt(_visitor.Target);
        if (mode == RecordMode.Before)
        {
            return null;
        }

        if (mode == RecordMode.Behind && !_visitor.Target.Redaction.IsNone)
        {
            // Configuration refuses this; what is shown of masked values is recorded before it leaves all the same.
            mode = RecordMode.With;
        }

        return new PassingRead(
            new ReadStatement(
                asking.Action.Operation, asking.Action.Operation, asking.Facts, verdict, WriteParameters),
            mode);
    }

    /// <summary>The arguments are JSON already.</summary>
    private static void WriteParameters(Utf8JsonWriter json, ReadOnlySpan<byte> parameters) =>
        json.WriteRawValue(parameters, skipInputValidation: true);

    /// <summary>What a session of reads is about, among other things that belong to a connection.</summary>
    private sealed record Key(Asker Asker, TargetName Target, string Reason);
}
