using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary><c>POST /v1/actions/{id}/revisions</c>: a reviewer changes the arguments.</summary>
internal sealed class ApiRevisions(ApiRooms rooms, RevisionReader reader, JsonLimits limits)
{
    private static readonly string[] s_texts = ["digest", "comment"];
    private static readonly string[] s_others = ["arguments"];

    public async Task ReviseAsync(HttpContext context, Caller caller)
    {
        if (await rooms.FindVisibleAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchAction.WriteAsync(context);
            return;
        }

        var (body, malformed) = await StrictBody.ReadAsync(
            context.Request, limits, s_texts, s_others, context.RequestAborted);
        using (body)
        {
            if (body is null)
            {
                await malformed!.WriteAsync(context);
                return;
            }

            await ReviseAsync(context, caller, record, body);
        }
    }

    private async Task ReviseAsync(HttpContext context, Caller caller, ActionRecord record, StrictBody body)
    {
        if (caller is not Caller.OfPerson person)
        {
            await ApiProblems.Of(StepRefusal.NotEligible, record, "Agents ask; people decide.").WriteAsync(context);
            return;
        }

        if (!ActionDigest.TryParse(body.Text("digest"), out var digest))
        {
            await RequestBody.Malformed("'digest' is the digest you were shown: 'sha256:' and 64 hex digits.")
                .WriteAsync(context);
            return;
        }

        if (!body.Json.TryGetMember("arguments", out var arguments))
        {
            await RequestBody.Malformed("'arguments' are the arguments as they should be, whole, and are needed.")
                .WriteAsync(context);
            return;
        }

        if (await rooms.Revisions.WhyNotAsync(record.Id, person.Voter, digest, context.RequestAborted) is { } whyNot)
        {
            await AnswerAsync(context, person, whyNot);
            return;
        }

        var (asking, problem) = await reader.ReadAsync(record, arguments, context.RequestAborted);
        if (asking is null)
        {
            await problem!.WriteAsync(context);
            return;
        }

        await AnswerAsync(context, person, await rooms.Revisions.ReviseAsync(
            record.Id, person.Voter, new Revision(digest, asking, body.Text("comment")), context.RequestAborted));
    }

    private async Task AnswerAsync(HttpContext context, Caller.OfPerson person, RevisionAnswer answer)
    {
        switch (answer)
        {
            case RevisionAnswer.Recorded recorded:
                await rooms.WriteActionAsync(context, person, recorded.Record);
                break;
            case RevisionAnswer.Refused refused:
                await ApiProblems.Of(
                    refused.Why,
                    refused.Record,
                    "Whoever reviews this action and does not stand behind it may change it.").WriteAsync(context);
                break;
            case RevisionAnswer.RefusedByPolicy denied:
                await ApiProblems.RevisionDenied(denied.Verdict).WriteAsync(context);
                break;
            case RevisionAnswer.Unfit { Why: var why }:
                await RequestBody.Malformed($"{why} The action stays as it was.").WriteAsync(context);
                break;
            case RevisionAnswer.NobodyLeft { Why: var why }:
                await new Problem(409, "no-reviewer", why).WriteAsync(context);
                break;
            case RevisionAnswer.Unchanged:
                await RequestBody.Malformed(
                    "'arguments' are what the action has already; vote on it, or change them.").WriteAsync(context);
                break;
            case RevisionAnswer.Fixed { Why: var why }:
                await new Problem(409, "not-modifiable", why).WriteAsync(context);
                break;
            default:
                await ApiProblems.NoSuchAction.WriteAsync(context);
                break;
        }
    }
}
