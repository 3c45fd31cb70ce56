using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>
/// <c>POST /v1/actions/{id}/claim</c> and <c>…/outcome</c>: the agent that asked takes the permit, acts, and says what
/// became of it. For everybody else there is nothing here.
/// </summary>
internal sealed class ApiPermits(ApiRooms rooms, JsonLimits limits)
{
    private static readonly string[] s_claimTexts = ["digest"];
    private static readonly string[] s_outcomeTexts = ["digest", "state", "error"];
    private static readonly string[] s_outcomeOthers = ["result", "claim"];

    public async Task ClaimAsync(HttpContext context, Caller caller)
    {
        if (await FindOwnAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchPermit.WriteAsync(context);
            return;
        }

        var (body, problem) = await StrictBody.ReadAsync(
            context.Request, limits, s_claimTexts, [], context.RequestAborted);
        using (body)
        {
            ActionDigest digest = default;
            string? key = null;
            problem ??= DigestOf(body!, out digest) ?? ApiActionReader.ReadKey(context.Request, out key);
            if (problem is not null)
            {
                await problem.WriteAsync(context);
                return;
            }

            var answer = await rooms.Permits.ClaimAsync(record, digest, key, context.RequestAborted);
            await AnswerAsync(context, caller, answer);
        }
    }

    public async Task ReportAsync(HttpContext context, Caller caller)
    {
        if (await FindOwnAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchPermit.WriteAsync(context);
            return;
        }

        var (body, problem) = await StrictBody.ReadAsync(
            context.Request, limits, s_outcomeTexts, s_outcomeOthers, context.RequestAborted);
        using (body)
        {
            if (body is null || (problem = ReportOf(body, out var report)) is not null)
            {
                await problem!.WriteAsync(context);
                return;
            }

            var answer = await rooms.Permits.ReportAsync(record, report!, context.RequestAborted);
            await AnswerAsync(context, caller, answer);
        }
    }

    private async Task<ActionRecord?> FindOwnAsync(HttpContext context, Caller caller) =>
        caller is Caller.OfAgent ? await rooms.FindVisibleAsync(context, caller) : null;

    private Task AnswerAsync(HttpContext context, Caller caller, PermitAnswer answer) => answer switch
    {
        PermitAnswer.Done done => rooms.WriteActionAsync(context, caller, done.Record),
        PermitAnswer.Stopped stopped => ApiProblems.Stopped(stopped.Reason).WriteAsync(context),
        PermitAnswer.Refused refused => ApiProblems.Of(refused.Why, refused.Record).WriteAsync(context),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static Problem? DigestOf(StrictBody body, out ActionDigest digest) =>
        ActionDigest.TryParse(body.Text("digest"), out digest)
            ? null
            : RequestBody.Malformed("'digest' is the digest of the action: 'sha256:' and 64 hex digits.");

    private static Problem? ReportOf(StrictBody body, out PermitReport? report)
    {
        report = null;
        if (DigestOf(body, out var digest) is { } problem)
        {
            return problem;
        }

        if (StateOf(body.Text("state")) is not { } state)
        {
            return RequestBody.Malformed("'state' is 'succeeded', 'failed' or 'unknown'.");
        }

        if (!TryReadClaim(body, out var claim))
        {
            return RequestBody.Malformed("'claim' is the number that the claimed action has in 'permit.claim'.");
        }

        var result = body.Has("result") && body.Json.TryGetMember("result", out var json)
            ? (ReadOnlyMemory<byte>?)json.Bytes
            : null;
        if (result?.Length > PermitDesk.MaxResult)
        {
            return ApiProblems.TooLongReport("result", $"{PermitDesk.MaxResult} bytes");
        }

        if (body.Text("error")?.Length > PermitDesk.MaxError)
        {
            return ApiProblems.TooLongReport("error", $"{PermitDesk.MaxError} characters");
        }

        report = new PermitReport(digest, claim, state) { Result = result, Error = body.Text("error") };
        return null;
    }

    private static OutcomeState? StateOf(string? word) => word switch
    {
        "succeeded" => OutcomeState.Succeeded,
        "failed" => OutcomeState.Failed,
        "unknown" => OutcomeState.Unknown,
        _ => null,
    };

    private static bool TryReadClaim(StrictBody body, out long? claim)
    {
        claim = null;
        if (!body.Has("claim"))
        {
            return true;
        }

        var said = body.Other("claim");
        if (said.ValueKind != JsonValueKind.Number || !said.TryGetInt64(out var number))
        {
            return false;
        }

        claim = number;
        return true;
    }
}
