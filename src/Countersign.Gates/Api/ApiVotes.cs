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
    private static readonly string[] VoteTexts = ["decision", "digest", "comment"];
    private static readonly string[] VoteOthers = ["assertion"];

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
            await RefuseAgentAsync(context, ballot!, record);
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

        var (comment, problem) = await OptionalComment.ReadAsync(context, limits);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var who = caller is Caller.OfPerson voter ? voter.Voter.Person.Value : record.Asker.Agent.Value;
        var answer = await rooms.ReviewDesk.WithdrawAsync(record.Id, who, comment, context.RequestAborted);
        await AnswerAsync(context, caller, answer);
    }

    private async Task RefuseAgentAsync(HttpContext context, Ballot ballot, ActionRecord record)
    {
        var approves = ballot.Decision == Decision.Approve;
        if (approves)
        {
            await rooms.ReviewDesk.RecordSelfApprovalAsync(record, record.Asker.Agent, context.RequestAborted);
        }

        var refusal = approves ? StepRefusal.SelfApproval : StepRefusal.NotEligible;
        await ApiProblems.Of(refusal, record, "Agents ask; people decide.").WriteAsync(context);
    }

    private async Task AnswerAsync(HttpContext context, Caller caller, DeskAnswer answer)
    {
        switch (answer)
        {
            case DeskAnswer.Recorded recorded:
                await rooms.WriteActionAsync(context, caller, recorded.Record);
                break;
            case DeskAnswer.Refused refused:
                var whyNot = caller is Caller.OfPerson person
                    ? (await rooms.FindRightAsync(person.Voter, refused.Record, context.RequestAborted)).WhyNot
                    : null;
                await ApiProblems.Of(refused.Why, refused.Record, whyNot).WriteAsync(context);
                break;
            case DeskAnswer.Unproven unproven:
                await ApiProblems.Unproven(unproven.Why, unproven.Record).WriteAsync(context);
                break;
            default:
                await ApiProblems.NoSuchAction.WriteAsync(context);
                break;
        }
    }

    private async Task<(Ballot? Ballot, Problem? Problem)> ReadBallotAsync(HttpContext context)
    {
        var (body, problem) = await StrictBody.ReadAsync(
            context.Request, limits, VoteTexts, VoteOthers, context.RequestAborted);
        using (body)
        {
            return body is null ? (null, problem) : BallotOf(body);
        }
    }

    private static (Ballot? Ballot, Problem? Problem) BallotOf(StrictBody body)
    {
        Decision? decision = body.Text("decision") switch
        {
            "approve" => Decision.Approve,
            "deny" => Decision.Deny,
            _ => null,
        };
        if (decision is null)
        {
            return (null, RequestBody.Malformed("'decision' is 'approve' or 'deny'."));
        }

        return ActionDigest.TryParse(body.Text("digest"), out var digest)
            ? Signed(new Ballot(decision.Value, digest, body.Text("comment")), body)
            : (null, RequestBody.Malformed("'digest' is the digest you were shown: 'sha256:' and 64 hex digits."));
    }

    /// <summary>
    /// An assertion that cannot be read is refused: to count the vote without it would not be what was asked for.
    /// </summary>
    private static (Ballot? Ballot, Problem? Problem) Signed(Ballot ballot, StrictBody body)
    {
        try
        {
            return body.Has("assertion")
                ? (ballot with { Signature = SignaturePayload.ReadAnswer(body.Other("assertion")) }, null)
                : (ballot, null);
        }
        catch (FormatException malformed)
        {
            return (null, RequestBody.Malformed($"'assertion' cannot be read: {malformed.Message}"));
        }
    }
}
