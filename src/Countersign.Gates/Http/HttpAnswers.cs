using System.Globalization;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Http;

/// <summary>
/// What an agent gets: the target's own answer where there is one, and otherwise a problem (RFC 9457) or a 202 that
/// says whether anything was executed and what to do next.
/// </summary>
internal sealed class HttpAnswers(HttpGateOptions options)
{
    private const string ActionHeader = "Countersign-Action";
    private const string MaskedHeader = "Countersign-Masked";
    private const string ChangedHeader = "Countersign-Changed";

    /// <summary>What the gate says of an action beside the target's answer, and without it.</summary>
    private static readonly string[] OwnHeaders = [ActionHeader, MaskedHeader, ChangedHeader];

    public static Problem Busy(int limit) => new(
        429, "too-many-requests", $"This agent has {limit} requests waiting or running; let some end first.")
    {
        RetryAfter = 1,
    };

    public static Problem Unavailable(string why) => new(503, "unavailable", why) { RetryAfter = 1 };

    /// <summary>Writes the answer of a call, of which the caller may have the target's answer still open.</summary>
    public async Task WriteAsync(HttpContext context, Answer answer, LiveAnswer? live)
    {
        switch (answer)
        {
            case Answer.Ended { Record: var record }:
                Name(context, record);
                await (live is not null
                    ? PassAsync(context, record.Outcome, live)
                    : WriteEndedAsync(context, record));
                return;
            case Answer.StillPending { Record: var pending }:
                Name(context, pending);
                await WritePendingAsync(context, pending);
                return;
            case Answer.Paused paused:
                await (new Problem(429, "agent-paused", paused.Reason) { RetryAfter = 60 }).WriteAsync(context);
                return;
            case Answer.Stopped stopped:
                await new Problem(403, "agent-stopped", stopped.Reason).WriteAsync(context);
                return;
            case Answer.IdempotencyConflict { Earlier: var earlier }:
                await Of(
                    409,
                    "idempotency-conflict",
                    "This Idempotency-Key was used for another request; use a new key for a new request.",
                    earlier).WriteAsync(context);
                return;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Writes the answer to a read that has no action of its own.</summary>
    public static async Task WriteReadAsync(HttpContext context, Outcome outcome, LiveAnswer? live)
    {
        if (live is not null)
        {
            await PassAsync(context, outcome, live);
            return;
        }

        var slug = outcome.State == OutcomeState.Succeeded ? "answer-withheld" : "failed";
        await new Problem(502, slug, outcome.Error ?? "The target gave no answer.").WriteAsync(context);
    }

    private static void Name(HttpContext context, ActionRecord record)
    {
        context.Response.Headers[ActionHeader] = record.Id.Value;
        if (!record.Changes.IsEmpty)
        {
            // The agent has to know that something else ran than it asked for.
            context.Response.Headers[ChangedHeader] = string.Join(
                ", ", record.Changes.Select(change => change.By.Value).Distinct());
        }
    }

    private static async Task PassAsync(HttpContext context, Outcome? outcome, LiveAnswer live)
    {
        var response = context.Response;
        WriteHead(response, live.Status, live.Headers);
        TellMasked(response, outcome);
        if (!HasBody(context, live.Status))
        {
            return;
        }

        if (live.IsComplete)
        {
            response.ContentLength = live.Head.Length;
        }

        try
        {
            await live.PassAsync(
                async piece =>
                {
                    await response.BodyWriter.WriteAsync(piece, context.RequestAborted);
                },
                context.RequestAborted);
        }
        catch (Exception broken) when (!live.IsComplete
            && broken is IOException or HttpRequestException or OperationCanceledException or WithheldException)
        {
            // What is left cannot be shown or did not come: the caller must not take it for the whole answer.
            if (response.HasStarted)
            {
                context.Abort();
                return;
            }

            var own = OwnHeaders.Select(name => (Name: name, Value: response.Headers[name])).ToList();
            response.Clear();
            own.ForEach(header => response.Headers[header.Name] = header.Value);
            await new Problem(
                502,
                "answer-withheld",
                "The target began to answer, and nothing of it could be passed on: "
                + (broken is OperationCanceledException ? "the rest did not come in time." : broken.Message))
                .WriteAsync(context);
        }
    }

    private static async Task WriteEndedAsync(HttpContext context, ActionRecord record)
    {
        if (record.Life.LastOutcome is null)
        {
            await Of(403, record.State.ToText(), EndText.WhyNotRun(record), record).WriteAsync(context);
            return;
        }

        if (record.Outcome?.Result is { } result && StoredAnswer.Read(result) is { } stored)
        {
            if (stored.IsTruncated)
            {
                await Of(
                    502,
                    "answer-not-kept",
                    $"{record.Id} was executed and answered with HTTP {stored.Status}, and the answer is too long to " +
                    "be kept. Do not repeat what changes something; read what you need in smaller parts.",
                    record).WriteAsync(context);
                return;
            }

            WriteHead(context.Response, stored.Status, stored.Headers);
            TellMasked(context.Response, record.Outcome);
            if (HasBody(context, stored.Status))
            {
                context.Response.ContentLength = stored.Body.Length;
                await context.Response.BodyWriter.WriteAsync(stored.Body, context.RequestAborted);
            }

            return;
        }

        await WhyNoAnswer(record).WriteAsync(context);
    }

    private static Problem WhyNoAnswer(ActionRecord record) => record.Outcome switch
    {
        null => Of(502, "answer-not-kept", $"The outcome of {record.Id} is not kept any more.", record),
        { State: OutcomeState.Unknown, Error: var error } => Of(
            502,
            "unknown",
            $"UNKNOWN OUTCOME of {record.Id}: {error} Do not repeat it before you have checked.",
            record),
        { State: OutcomeState.Succeeded, Error: var error } =>
            Of(502, "answer-withheld", $"{record.Id}: {error}", record),
        { Error: var error } => Of(502, "failed", $"FAILED {record.Id}: {error}", record),
    };

    private async Task WritePendingAsync(HttpContext context, ActionRecord pending)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status202Accepted;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        response.Headers.Location = $"/v1/actions/{pending.Id}";
        response.Headers.RetryAfter =
            ((int)options.Limits.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        await using var json = new Utf8JsonWriter(response.BodyWriter.AsStream());
        json.WriteStartObject();
        json.WriteString("status", pending.State.ToText());
        json.WriteString("action", pending.Id.Value);
        json.WriteString("url", options.ReviewUrl(pending.Id).ToString());
        if (pending.Life.ExpiresAt is { } at)
        {
            json.WriteString("expires_at", at.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        }

        json.WriteString(
            "detail",
            $"PENDING APPROVAL {pending.Id}. Nothing has been executed. Once people approved it, it runs without " +
            "you; repeat exactly the same request to get its answer, or read the action at Location. Another request " +
            "would be another action.");
        json.WriteEndObject();
    }

    private static void WriteHead(
        HttpResponse response, int status, IEnumerable<KeyValuePair<string, string>> headers)
    {
        response.StatusCode = status;
        foreach (var (name, value) in headers)
        {
            response.Headers.Append(name, value);
        }
    }

    private static void TellMasked(HttpResponse response, Outcome? outcome)
    {
        if (outcome?.Masked is { Counts.IsEmpty: false } masked)
        {
            response.Headers[MaskedHeader] = string.Join(
                ", ", masked.Counts.Select(count => $"{count.Key}={count.Value}"));
        }
    }

    private static bool HasBody(HttpContext context, int status) =>
        !HttpMethods.IsHead(context.Request.Method) && status is not (204 or 304) and >= 200;

    private static Problem Of(int status, string slug, string detail, ActionRecord record) => new(status, slug, detail)
    {
        Extensions = new Dictionary<string, string>
        {
            ["action"] = record.Id.Value,
            ["state"] = record.State.ToText(),
        },
    };
}
