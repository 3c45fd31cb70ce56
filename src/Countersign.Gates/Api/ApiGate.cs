using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Gates.Api;

/// <summary>
/// The HTTP API under <c>/v1</c> (DESIGN section 6.3): agents ask and wait here, people read and vote here. What came
/// in here is detached: the node executes it and keeps the outcome, unless the target gives permits.
/// </summary>
internal sealed class ApiGate(
    ApiRooms rooms,
    ApiActionReader reader,
    ApiVotes votes,
    ApiPermits permits,
    ApiRevisions revisions,
    ApiRehearsals rehearsals,
    ApiAgents agents,
    ApiRedactions redactions,
    ApiReceipts receipts,
    ApiOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/actions", For(AskAsync));
        routes.MapGet("/v1/actions", For(ListAsync));
        routes.MapGet("/v1/actions/{id}", For(ShowAsync));
        routes.MapPost("/v1/actions/{id}/votes", For(votes.VoteAsync));
        routes.MapPost("/v1/actions/{id}/revisions", For(revisions.ReviseAsync));
        routes.MapGet("/v1/actions/{id}/statement", For(new ApiStatements(rooms).ShowAsync));
        routes.MapGet("/v1/actions/{id}/receipt", For(receipts.ShowAsync));
        routes.MapPost("/v1/actions/{id}/receipt", For(receipts.RevealAsync));
        routes.MapPost("/v1/actions/{id}/withdraw", For(votes.WithdrawAsync));
        routes.MapPost("/v1/actions/{id}/claim", For(permits.ClaimAsync));
        routes.MapPost("/v1/actions/{id}/outcome", For(permits.ReportAsync));
        routes.MapPost("/v1/actions/{id}/dry-run", For(rehearsals.AskAsync));
        routes.MapPost("/v1/agents/{id}/stop", For(agents.StopAsync));
        routes.MapPost("/v1/agents/{id}/resume", For(agents.ResumeAsync));
        routes.MapGet("/v1/targets", For(new ApiTargets(rooms).ListAsync));
        routes.MapPost("/v1/redact", For(redactions.RedactAsync));
        routes.MapGet("/v1/events", For(new ApiEvents(rooms).StreamAsync, isTraced: false));
        ApiDocument.Map(routes);
    }

    /// <summary>Authentication comes first, and every failure is a problem document that says what to do.</summary>
    private RequestDelegate For(
        Func<HttpContext, Caller, Task> handle, bool isTraced = true) => async context =>
    {
        var shown = Presented.From(context);
        if (await rooms.AuthenticateAsync(shown, context.RequestAborted) is not { } caller)
        {
            await Problem.Unauthorized.WriteAsync(context);
            return;
        }

        using var span = isTraced ? ApiSpans.Enter(context) : null;
        try
        {
            await handle(context, caller);
        }
        catch (StoreUnavailableException unavailable) when (!context.Response.HasStarted)
        {
            await ApiProblems.Unavailable(unavailable.Message).WriteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller left; what was recorded stays, and asking again attaches to it.
        }
        catch
        {
            // The last resort answers it, outside of this span.
            ApiSpans.Leave(span, StatusCodes.Status500InternalServerError);
            throw;
        }

        ApiSpans.Leave(span, context.Response.StatusCode);
    };

    private async Task AskAsync(HttpContext context, Caller caller)
    {
        if (caller is not Caller.OfAgent agent)
        {
            await ApiProblems.OnlyAgentsAsk.WriteAsync(context);
            return;
        }

        var (asking, problem) = await reader.ReadAsync(context.Request, agent.Asker, context.RequestAborted);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        if (!ApiWait.TryRead(context.Request, options.LongestWait, out var patience))
        {
            await ApiProblems.BadWait(options.LongestWait).WriteAsync(context);
            return;
        }

        if (!ApiDryRun.TryRead(context.Request, out var isDryRun))
        {
            await ApiProblems.BadDryRun.WriteAsync(context);
            return;
        }

        if (asking!.Target == AgentDesk.Gateway)
        {
            await AskForValueAsync(context, agent, asking, patience);
            return;
        }

        if (isDryRun)
        {
            await new ApiDryRun(rooms).AnswerAsync(context, asking!);
            return;
        }

        var admission = await rooms.Gatekeeper.AdmitAsync(asking!, context.RequestAborted);
        await AnswerAsync(context, caller, admission, patience);
    }

    /// <summary>The one thing agents may ask of the gateway itself; people decide, whatever the policy says.</summary>
    private async Task AskForValueAsync(HttpContext context, Caller.OfAgent agent, Asking asking, TimeSpan patience)
    {
        var (admission, whyNot) = await rooms.Tokens.AskAsync(asking, rooms.Gatekeeper, context.RequestAborted);
        if (admission is null)
        {
            await RequestBody.Malformed(whyNot!).WriteAsync(context);
            return;
        }

        await AnswerAsync(context, agent, admission, patience);
    }

    private async Task AnswerAsync(HttpContext context, Caller caller, Admission admission, TimeSpan patience)
    {
        switch (admission)
        {
            case Admission.Paused paused:
                await ApiProblems.Paused(paused.Reason).WriteAsync(context);
                return;
            case Admission.Stopped stopped:
                await ApiProblems.Stopped(stopped.Reason).WriteAsync(context);
                return;
            case Admission.IdempotencyConflict conflict:
                await ApiProblems.IdempotencyConflict(conflict.Earlier.Id).WriteAsync(context);
                return;
            default:
                var record = RecordOf(admission);
                var current = patience > TimeSpan.Zero && !IsSettled(record)
                    ? await rooms.Gatekeeper.WaitAsync(record.Id, IsSettled, patience, context.RequestAborted)
                    : await rooms.Gatekeeper.FindAsync(record.Id, context.RequestAborted);
                await WriteAsync(context, caller, current ?? record);
                return;
        }
    }

    private static ActionRecord RecordOf(Admission admission) => admission switch
    {
        Admission.Refused refused => refused.Record,
        Admission.Held held => held.Record,
        Admission.Granted granted => granted.Record,
        Admission.Claimed claimed => claimed.Record,
        Admission.UnderWay underWay => underWay.Record,
        Admission.Ended ended => ended.Record,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Nothing more happens by itself: it ended, or it is a permit that the asker has to claim.</summary>
    private static bool IsSettled(ActionRecord record) =>
        record.State.HasEnded() || record is { State: ActionState.Approved, GivesPermit: true };

    private async Task WriteAsync(HttpContext context, Caller caller, ActionRecord record)
    {
        context.Response.StatusCode = IsSettled(record) ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        context.Response.Headers.Location = $"/v1/actions/{record.Id}";
        await rooms.WriteActionAsync(context, caller, record);
    }

    private async Task ShowAsync(HttpContext context, Caller caller)
    {
        if (!ApiWait.TryRead(context.Request, options.LongestWait, out var patience))
        {
            await ApiProblems.BadWait(options.LongestWait).WriteAsync(context);
            return;
        }

        if (await rooms.FindVisibleAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchAction.WriteAsync(context);
            return;
        }

        if (patience > TimeSpan.Zero && !IsSettled(record))
        {
            record = await rooms.Gatekeeper.WaitForChangeAsync(
                record.Id, record.State, patience, context.RequestAborted) ?? record;
        }

        await rooms.WriteActionAsync(context, caller, record);
    }

    private async Task ListAsync(HttpContext context, Caller caller)
    {
        var (filter, problem) = ApiFilter.Read(context.Request);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        await new ApiList(rooms).WriteAsync(context, caller, filter!);
    }
}
