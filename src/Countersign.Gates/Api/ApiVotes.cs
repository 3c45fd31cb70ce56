using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>Votes and withdrawals over the API; the checks run in the order that DESIGN section 6.3 gives.</summary>
internal sealed class ApiVotes(ApiRooms rooms, JsonLimits limits)
{
    private static readonly string[] VoteMembers = ["decision", "digest", "comment", "assertion"];
    private static readonly string[] WithdrawMembers = ["comment"];

    public async Task VoteAsync(HttpContext context, Caller caller)
    {
        if (await rooms.FindVisibleAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchAction.WriteAsync(context);
            return;
        }

        var (ballot, problem) = await ReadBallotAsync(context);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        if (caller is not Caller.OfPerson person)
        {
            await RefuseAgent(ballot!, record).WriteAsync(context);
            return;
        }

        var answer = await rooms.ReviewDesk.VoteAsync(record.Id, person.Voter, ballot!, context.RequestAborted);
        await AnswerAsync(context, person, answer);
    }

    public async Task WithdrawAsync(HttpContext context, Caller caller)
    {
        if (await rooms.FindVisibleAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchAction.WriteAsync(context);
            return;
        }

        if (caller is Caller.OfPerson person && !rooms.ReviewDesk.Concerns(person.Voter.Person, record))
        {
            await ApiProblems.Of(StepRefusal.NotEligible, record, whyNot: null).WriteAsync(context);
            return;
        }

        var (comment, problem) = await ReadCommentAsync(context);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var who = caller is Caller.OfPerson voter ? voter.Voter.Person.Value : record.Asker.Agent.Value;
        var answer = await rooms.ReviewDesk.WithdrawAsync(record.Id, who, comment, context.RequestAborted);
        await AnswerAsync(context, caller, answer);
    }

    private static Problem RefuseAgent(Ballot ballot, ActionRecord record) => ApiProblems.Of(
        ballot.Decision == Decision.Approve ? StepRefusal.SelfApproval : StepRefusal.NotEligible,
        record,
        "Agents ask; people decide.");

    private async Task AnswerAsync(HttpContext context, Caller caller, DeskAnswer answer)
    {
        switch (answer)
        {
            case DeskAnswer.Recorded recorded:
                await rooms.WriteActionAsync(context, caller, recorded.Record);
                break;
            case DeskAnswer.Refused refused:
                var whyNot = caller is Caller.OfPerson person
                    ? rooms.RightOf(person.Voter, refused.Record).WhyNot
                    : null;
                await ApiProblems.Of(refused.Why, refused.Record, whyNot).WriteAsync(context);
                break;
            default:
                await ApiProblems.NoSuchAction.WriteAsync(context);
                break;
        }
    }

    private async Task<(Ballot? Ballot, Problem? Problem)> ReadBallotAsync(HttpContext context)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, limits, context.RequestAborted);
        if (json is null)
        {
            return (null, problem);
        }

        using var document = JsonDocument.Parse(json.Bytes);
        var body = document.RootElement;
        if (StrictMembers.Check(body, VoteMembers) is { } complaint)
        {
            return (null, RequestBody.Malformed(complaint));
        }

        if (body.TryGetProperty("assertion", out var assertion) && assertion.ValueKind != JsonValueKind.Null)
        {
            return (null, RequestBody.Malformed(
                "This version does not take passkey assertions; leave 'assertion' out."));
        }

        return Ballot(body);
    }

    private static (Ballot? Ballot, Problem? Problem) Ballot(JsonElement body)
    {
        Decision? decision = Text(body, "decision") switch
        {
            "approve" => Decision.Approve,
            "deny" => Decision.Deny,
            _ => null,
        };
        if (decision is null)
        {
            return (null, RequestBody.Malformed("'decision' is 'approve' or 'deny'."));
        }

        return ActionDigest.TryParse(Text(body, "digest"), out var digest)
            ? (new Ballot(decision.Value, digest, Text(body, "comment")), null)
            : (null, RequestBody.Malformed("'digest' is the digest you were shown: 'sha256:' and 64 hex digits."));
    }

    private async Task<(string? Comment, Problem? Problem)> ReadCommentAsync(HttpContext context)
    {
        if (context.Request.ContentLength is null or 0)
        {
            return (null, null);
        }

        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, limits, context.RequestAborted);
        if (json is null)
        {
            return (null, problem);
        }

        using var document = JsonDocument.Parse(json.Bytes);
        return StrictMembers.Check(document.RootElement, WithdrawMembers) is { } complaint
            ? (null, RequestBody.Malformed(complaint))
            : (Text(document.RootElement, "comment"), null);
    }

    private static string? Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
