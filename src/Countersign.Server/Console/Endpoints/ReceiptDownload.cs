using System.Net.Mime;
using Countersign.Core.Receipts;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// The receipt of an action, for a person who may see the action; what cards hide stays closed in it.
/// </summary>
internal sealed class ReceiptDownload(ActionLookup lookup, CardMask mask, IArchive archive, PageWriter pages)
{
    private readonly ReceiptMaker _maker = new(archive);

    public async Task SendAsync(Visit visit)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await pages.WriteMessageAsync(
                visit.Context, 404, "Not found", "There is no such action, or it is not for you.");
            return;
        }

        var receipt = await _maker.MakeAsync(
            mask.Of(record).Record, Disclosures.ForPerson(mask, record), visit.Aborted);
        var response = visit.Context.Response;
        response.ContentType = MediaTypeNames.Application.Json;
        response.Headers.ContentDisposition = $"attachment; filename=\"{record.Id}.receipt.json\"";
        await response.BodyWriter.WriteAsync(receipt.ToBytes(), visit.Aborted);
    }
}
