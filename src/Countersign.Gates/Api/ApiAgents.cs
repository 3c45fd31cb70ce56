using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>The stop button over the API: <c>POST /v1/agents/{id}/stop</c> and <c>…/resume</c>.</summary>
internal sealed class ApiAgents(ApiRooms rooms, JsonLimits limits)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task StopAsync(HttpContext context, Caller caller)
    {
        if (await ReadAsync(context, caller) is not var (agent, person, comment))
        {
            return;
        }

        switch (await rooms.Agents.StopAsync(agent, person.Person, comment, context.RequestAborted))
        {
            case StopAnswer.Stopped stopped:
                await WriteAsync(context, StatusCodes.Status200OK, json => Write(json, stopped.Done));
                break;
            case StopAnswer.NotEligible:
                await ApiProblems.MayNotStop.WriteAsync(context);
                break;
            default:
                await ApiProblems.UnknownAgent(agent.Value).WriteAsync(context);
                break;
        }
    }

    public async Task ResumeAsync(HttpContext context, Caller caller)
    {
        if (await ReadAsync(context, caller) is not var (agent, person, comment))
        {
            return;
        }

        switch (await rooms.Agents.ResumeAsync(agent, person, comment, shown: null, context.RequestAborted))
        {
            case ResumeAnswer.Active:
                await WriteAsync(context, StatusCodes.Status200OK, json => WriteState(json, agent, "active"));
                break;
            case ResumeAnswer.Waiting waiting:
                await WriteAsync(
                    context, StatusCodes.Status202Accepted, json => Write(json, agent, waiting.Record));
                break;
            case ResumeAnswer.Refused refused:
                await ApiProblems.ResumeRefused(refused.Why).WriteAsync(context);
                break;
            case ResumeAnswer.NobodyElse:
                await ApiProblems.NobodyResumes.WriteAsync(context);
                break;
            case ResumeAnswer.UnknownAgent:
                await ApiProblems.UnknownAgent(agent.Value).WriteAsync(context);
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Who asks for what; <c>null</c> after the problem was written.</summary>
    private async Task<(AgentId Agent, Voter Person, string? Comment)?> ReadAsync(HttpContext context, Caller caller)
    {
        if (caller is not Caller.OfPerson person)
        {
            await ApiProblems.OnlyPeopleStop.WriteAsync(context);
            return null;
        }

        var (comment, problem) = await OptionalComment.ReadAsync(context, limits);
        var id = context.Request.RouteValues["id"] as string ?? "";
        var agent = rooms.Charter().People.Agents.FirstOrDefault(each => each.Id.Value == id);
        problem ??= agent is null ? ApiProblems.UnknownAgent(id) : null;
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return null;
        }

        return (agent!.Id, person.Voter, comment);
    }

    private static void WriteState(Utf8JsonWriter json, AgentId agent, string state)
    {
        json.WriteString("agent", agent.Value);
        json.WriteString("state", state);
    }

    private static void Write(Utf8JsonWriter json, StopDone done)
    {
        WriteState(json, done.Stop.Agent, "stopped");
        json.WriteString("since", done.Stop.At);
        json.WriteString("by", done.By);
        json.WriteString("comment", done.Comment);
        json.WriteBoolean("was_stopped", !done.IsNew);
        json.WriteNumber("withdrawn", done.Withdrawn);
        json.WriteNumber("executing", done.Executing);
        json.WriteStartObject("ledger");
        json.WriteNumber("index", done.Stop.Entry);
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, AgentId agent, ActionRecord resumption)
    {
        WriteState(json, agent, "stopped");
        json.WriteStartObject("resume");
        json.WriteString("action", resumption.Id.Value);
        json.WriteNumber("have", resumption.Life.Votes.Select(vote => vote.Person).Distinct().Count());
        json.WriteNumber("need", resumption.Verdict.Requirements[0].Stages[0].Need);
        json.WriteString("url", rooms.ReviewUrl(resumption.Id).ToString());
        json.WriteEndObject();
    }

    private static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> members)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter.AsStream(), Options);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    }
}
