using System.Globalization;
using Countersign.Core;
using Countersign.Core.Actions.Json;
using Countersign.Core.Receipts;
using Countersign.Core.Records;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Countersign.Gates.Api;

/// <summary>
/// <c>/v1/actions/{id}/receipt</c>: the portable proof of one action for whoever may see it. A GET gives what the
/// caller may read anyway; a POST gives a reviewer everything, and the ledger says so before they get it.
/// </summary>
internal sealed class ApiReceipts(ApiRooms rooms, JsonLimits limits)
{
    private static readonly string[] s_texts = ["reason"];

    public async Task ShowAsync(HttpContext context, Caller caller)
    {
        var query = context.Request.Query;
        if (await rooms.FindVisibleAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchAction.WriteAsync(context);
            return;
        }

        switch (query["format"].ToString())
        {
            case "" or "json":
                await WriteAsync(context, caller, record);
                break;
            case "tlog-proof":
                await WriteProofAsync(context, caller, record, query["entry"]);
                break;
            case "sigstore":
                await ApiProblems.NoSigstore.WriteAsync(context);
                break;
            default:
                await ApiProblems.BadFormat.WriteAsync(context);
                break;
        }
    }

    public async Task RevealAsync(HttpContext context, Caller caller)
    {
        if (await rooms.FindVisibleAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchAction.WriteAsync(context);
            return;
        }

        if (caller is not Caller.OfPerson person)
        {
            await ApiProblems.NotRevealed("Agents are shown nothing that is hidden from people.").WriteAsync(context);
            return;
        }

        var (body, problem) = await StrictBody.ReadAsync(
            context.Request, limits, s_texts, [], context.RequestAborted);
        using (body)
        {
            if (problem is not null)
            {
                await problem.WriteAsync(context);
                return;
            }

            switch (await rooms.RevealAsync(record, person.Voter, body!.Text("reason") ?? "", context.RequestAborted))
            {
                case RevealAnswer.Done done:
                    await WriteAsync(context, done.Record, Disclosures.Everything);
                    break;
                case RevealAnswer.Refused refused:
                    await ApiProblems.NotRevealed(refused.Why).WriteAsync(context);
                    break;
            }
        }
    }

    private Task WriteAsync(HttpContext context, Caller caller, ActionRecord record)
    {
        var (shown, disclosure) = rooms.DisclosureTo(caller, record);
        return WriteAsync(context, shown, disclosure);
    }

    private async Task WriteAsync(HttpContext context, ActionRecord shown, Disclosure disclosure)
    {
        var receipt = await rooms.Receipts.MakeAsync(shown, disclosure, context.RequestAborted);
        await SendAsync(context, "application/json", $"{shown.Id}.receipt.json", receipt.ToBytes());
    }

    /// <summary>The proof of the latest entry, or of the one that was asked for.</summary>
    private async Task WriteProofAsync(HttpContext context, Caller caller, ActionRecord record, StringValues entry)
    {
        var (shown, disclosure) = rooms.DisclosureTo(caller, record);
        var receipt = await rooms.Receipts.MakeAsync(shown, disclosure, context.RequestAborted);
        var wanted = StringValues.IsNullOrEmpty(entry)
            ? receipt.Entries[^1].Index
            : long.TryParse(entry, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
        if (TlogProof.Of(receipt, wanted) is not { } proof)
        {
            await ApiProblems.NoSuchEntry(receipt.Entries.Select(each => each.Index)).WriteAsync(context);
            return;
        }

        await SendAsync(context, "text/plain; charset=utf-8", $"{record.Id}.{wanted}.tlog-proof", proof.ToBytes());
    }

    private static async Task SendAsync(HttpContext context, string type, string name, byte[] bytes)
    {
        context.Response.ContentType = type;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
