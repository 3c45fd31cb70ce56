using System.Collections.Concurrent;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reads;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Http;

/// <summary>
/// The HTTP gate: agents send requests to <c>/http/{target}/…</c> as if it were the target's own address.
/// <list type="number">
/// <item>The entrance lets agents in, and nobody else.</item>
/// <item>The request is read strictly, as one that can be understood in one way only.</item>
/// <item>It becomes an action and goes through the gatekeeper, which may hold it for people. A caller whose patience
/// ends gets a 202; repeating the request, or asking for the action, finds what became of it.</item>
/// <item>What the target answers goes back to the caller who is there, or is kept for the one who comes back.</item>
/// </list>
/// </summary>
internal sealed class HttpGate : IAsyncDisposable
{
    private const int LongestIdempotencyKey = 255;
    private const string IdempotencyKey = "Idempotency-Key";
    private const string Reason = "Countersign-Reason";

    private readonly HttpGateOptions _options;
    private readonly HttpEntrance _entrance;
    private readonly HttpUpstreams _upstreams = new();
    private readonly HttpExecutor _executor;
    private readonly HttpPreviews _previews;
    private readonly HttpStatusQuery _statuses;
    private readonly HttpAnswers _answers;
    private readonly Turnstile _running;

    /// <summary>What each agent still receives, for a stop to cut.</summary>
    private readonly ConcurrentDictionary<HttpContext, AgentId> _open = new();

    /// <summary>Of connections that are open; what they read is recorded when the gate goes.</summary>
    private readonly ConcurrentDictionary<HttpReads, bool> _reads = new();

    public HttpGate(HttpGateOptions options)
    {
        _options = options;
        _entrance = new HttpEntrance(options);
        _executor = new HttpExecutor(options, _upstreams);
        _previews = new HttpPreviews(options, _upstreams);
        _statuses = new HttpStatusQuery(options, _upstreams);
        _answers = new HttpAnswers(options);
        _running = new Turnstile(options.Limits.RequestsPerAgent);
        options.Stopped.Stopped += Cut;
    }

    /// <summary>What executes actions on this gate's targets for callers who left or never were there.</summary>
    public ActionExecutor? FindExecutor(ActionRecord action) =>
        action.Gate == GateKind.Http && _options.Target(action.Action.Target) is { } target
            ? (approved, cancellationToken) => _executor.ExecuteAsync(approved, target, caller: null, cancellationToken)
            : null;

    /// <summary>Who can ask a target of this gate what became of a request; <c>null</c> for others.</summary>
    public ExecutionProver? FindProver(ActionRecord action) =>
        action.Gate == GateKind.Http && _options.Target(action.Action.Target) is { Status: not null } target
            ? (_, evidence, cancellationToken) =>
                _statuses.AskAsync(action.Action.Target, target, evidence, cancellationToken)
            : null;

    /// <summary>The key that a request of this gate carried; <c>null</c> for others.</summary>
    public static Evidence? EvidenceOf(ActionRecord action) =>
        action is { Gate: GateKind.Http, Life.Execution: not null }
            ? new Evidence(HttpStatusQuery.EvidenceKind, HttpExecutor.KeyOf(action))
            : null;

    /// <summary>A request over the API or from a reviewer, in this gate's one form and with its facts.</summary>
    public (Asking? Asking, Problem? Problem) Complete(Asking asked)
    {
        if (_options.Target(asked.Target.Name) is not { } target)
        {
            return (null, new Problem(404, "unknown-target", $"There is no HTTP target '{asked.Target.Name}'."));
        }

        if (!HttpCall.TryRead(
            asked.Action.Operation, asked.Action.Arguments, _options.ReadingOf(target), out var call, out var whyNot))
        {
            return (null, HttpEntrance.Malformed(whyNot));
        }

        (var asking, whyNot) = HttpActionReader.Read(call, asked.Asker, asked.Target, asked.Via, target);
        return asking is null
            ? (null, HttpEntrance.Malformed(whyNot!))
            : (asked with
            {
                Action = asking.Action,
                Facts = asking.Facts,
                Body = asking.Body,
                IsUndescribed = asking.IsUndescribed,
                NeedsIntent = asking.NeedsIntent,
                Previewer = _previews.Find(call, asking, target),
            }, null);
    }

    /// <summary>One request of an agent.</summary>
    public async Task HandleAsync(HttpContext context, string target)
    {
        var (visitor, problem) = await _entrance.AdmitAsync(context, target);
        if (visitor is null)
        {
            await problem!.WriteAsync(context);
            return;
        }

        if (!_running.TryEnter(visitor.Asker.Agent))
        {
            await HttpAnswers.Busy(_options.Limits.RequestsPerAgent).WriteAsync(context);
            return;
        }

        _open[context] = visitor.Asker.Agent;
        using var span = HttpSpans.Enter(context, visitor.Target.Name);
        try
        {
            await AnswerAsync(context, visitor);
        }
        catch (StoreUnavailableException unavailable) when (!context.Response.HasStarted)
        {
            await HttpAnswers.Unavailable(unavailable.Message).WriteAsync(context);
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await HttpEntrance.Malformed(bad.Message).WriteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller left; what was recorded stays, and asking again attaches to it.
        }
        finally
        {
            HttpSpans.Leave(span, context.Response.StatusCode);
            _open.TryRemove(context, out _);
            _running.Leave(visitor.Asker.Agent);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _options.Stopped.Stopped -= Cut;
        foreach (var reads in _reads.Keys)
        {
            await reads.DisposeAsync();
        }

        _upstreams.Dispose();
    }

    private async Task AnswerAsync(HttpContext context, HttpVisitor visitor)
    {
        if (HttpReads.Find(context, visitor) is { } earlier && earlier.FindRepeated(context) is { } repeated)
        {
            await PassReadAsync(context, visitor, earlier, repeated);
            return;
        }

        var (asking, request, problem) = await ReadAsync(context, visitor);
        if (asking is null)
        {
            await problem!.WriteAsync(context);
            return;
        }

        if (visitor.Options.Mint is null
            && HttpReads.Of(context, visitor, _options, _reads) is { } reads
            && reads.FindAllowed(asking) is { } passing)
        {
            var read = new KnownRead(passing, asking.Action, request!, request!.AddressAt(visitor.Options.Upstream));
            reads.Remember(context, read);
            await PassReadAsync(context, visitor, reads, read);
            return;
        }

        LiveAnswer? live = null;
        var patience = PreferHeader.WaitOf(context.Request.Headers["Prefer"].ToString(), _options.Limits);
        var call = new Call(
            (action, limit) => _executor.ExecuteAsync(action, visitor.Options, answer => live = answer, limit),
            patience,
            static _ => { })
        {
            LeavesWhenHeld = patience == TimeSpan.Zero,
            LeavesAtLast = true,
        };
        try
        {
            using var handled = await _options.Gatekeeper.HandleAsync(asking, call, context.RequestAborted);
            await _answers.WriteAsync(context, handled.Answer, live);
            await ConfirmAsync(handled.Answer, context.RequestAborted);
        }
        finally
        {
            await (live?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>
    /// A read that the policy allows and that one entry records with others: it has no action of its own.
    /// </summary>
    private async Task PassReadAsync(HttpContext context, HttpVisitor visitor, HttpReads reads, KnownRead read)
    {
        LiveAnswer? live = null;
        try
        {
            var outcome = await reads.RunAsync(
                read,
                limit => _executor.ReadAsync(
                    read.Call, read.Address, visitor.Target.Name, visitor.Options, answer => live = answer, limit),
                context.RequestAborted);
            await HttpAnswers.WriteReadAsync(context, outcome, live);
        }
        finally
        {
            await (live?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private async Task<(Asking? Asking, HttpCall? Call, Problem? Problem)> ReadAsync(
        HttpContext context, HttpVisitor visitor)
    {
        var request = context.Request;
        var (head, problem) = HttpEntrance.ReadHead(context, visitor);
        if (head is null)
        {
            return (null, null, problem);
        }

        var key = request.Headers[IdempotencyKey].ToString();
        if (key.Length > LongestIdempotencyKey)
        {
            return (null, null, HttpEntrance.Malformed($"the {IdempotencyKey} is longer than {LongestIdempotencyKey}"));
        }

        (var bytes, problem) = await RequestBody.ReadBytesAsync(
            request, visitor.Options.Limits.Body, context.RequestAborted);
        if (problem is not null)
        {
            return (null, null, problem);
        }

        if (!HttpBody.TryRead(
            bytes, head.Headers, _options.Json, visitor.Options.Limits, out var body, out var whyNot))
        {
            return (null, null, HttpEntrance.Malformed(whyNot));
        }

        var call = head with { Body = body };
        (var asking, whyNot) = HttpActionReader.Read(
            call, visitor.Asker, visitor.Target, GateKind.Http, visitor.Options);
        return asking is null
            ? (null, null, HttpEntrance.Malformed(whyNot!))
            : (asking with
            {
                Claimed = Claimed.Of(Text(request.Headers[Reason].ToString()), session: null),
                IdempotencyKey = Text(key),
                Previewer = _previews.Find(call, asking, visitor.Options),
            }, call, null);
    }

    /// <summary>Once the answer has left, so that nobody else gets the same outcome.</summary>
    private async Task ConfirmAsync(Answer answer, CancellationToken clientGone)
    {
        if (answer is not Answer.Ended { Record: { Life.LastOutcome: not null } ended }
            || clientGone.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await _options.Gatekeeper.DeliveredInPassingAsync(ended, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // Then the next identical request is told this outcome once more.
        }
    }

    private void Cut(AgentId agent)
    {
        foreach (var (context, owner) in _open)
        {
            if (owner == agent)
            {
                context.Abort();
            }
        }
    }

    private static string? Text(string header) => header.Length == 0 ? null : header;
}
