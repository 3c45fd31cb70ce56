using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary><c>POST /v1/actions/{id}/dry-run</c>: a reviewer has an action run and taken back.</summary>
internal sealed class ApiRehearsals(ApiRooms rooms, JsonLimits limits)
{
    private static readonly string[] s_texts = ["digest"];

    public async Task AskAsync(HttpContext context, Caller caller)
    {
        if (await rooms.FindVisibleAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchAction.WriteAsync(context);
            return;
        }

        var (body, problem) = await StrictBody.ReadAsync(context.Request, limits, s_texts, [], context.RequestAborted);
        using (body)
        {
            if (body is null || !ActionDigest.TryParse(body.Text("digest"), out var digest))
            {
                await (problem ?? RequestBody.Malformed(
                    "'digest' is the digest you were shown: 'sha256:' and 64 hex digits.")).WriteAsync(context);
                return;
            }

            if (caller is not Caller.OfPerson person)
            {
                await ApiProblems.Of(StepRefusal.NotEligible, record, "Agents ask; people decide.").WriteAsync(context);
                return;
            }

            await AnswerAsync(context, person, await rooms.Rehearsals.AskAsync(
                record.Id, person.Voter, digest, context.RequestAborted));
        }
    }

    private async Task AnswerAsync(HttpContext context, Caller.OfPerson person, RehearsalAnswer answer)
    {
        switch (answer)
        {
            case RehearsalAnswer.Done done:
                await rooms.WriteActionAsync(context, person, done.Record);
                break;
            case RehearsalAnswer.Refused refused:
                await ApiProblems.Of(
                    refused.Why, refused.Record, "Whoever may approve this action may have it run and taken back.")
                    .WriteAsync(context);
                break;
            case RehearsalAnswer.Impossible impossible:
                await ApiProblems.NoRehearsal(impossible.Why).WriteAsync(context);
                break;
            default:
                await ApiProblems.NoSuchAction.WriteAsync(context);
                break;
        }
    }
}
