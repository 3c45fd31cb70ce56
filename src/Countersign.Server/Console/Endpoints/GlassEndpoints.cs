using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>The form that breaks the glass. Passkeys sign in browsers, so there is no other way to it.</summary>
internal sealed class GlassEndpoints(
    ActionLookup lookup,
    ActionEndpoints actions,
    BreakGlassDesk desk,
    ReviewDesk reviews,
    ILogger<GlassEndpoints> logger)
{
    public async Task BreakAsync(Visit visit, IFormCollection form)
    {
        if (await lookup.FindAsync(visit) is not { } record || !ActionDigest.TryParse(form["digest"], out var digest))
        {
            await actions.WriteMissingAsync(visit.Context);
            return;
        }

        var asked = new GlassRequest(
            digest,
            form["reason"].ToString().Trim().ReplaceLineEndings("\n"),
            SignatureOf(form),
            [.. form["code"].OfType<string>().Where(code => code.Length > 0)]);
        var answer = await desk.BreakAsync(record.Id, visit.Voter, asked, visit.Aborted);
        if (answer is GlassAnswer.Broken)
        {
            Log.GlassBroken(logger, visit.Person.Id, record.Id);
        }

        var (recorded, text) = answer switch
        {
            GlassAnswer.Broken broken => (
                true,
                $"The glass is broken: it may run once until {Words.Clock(broken.Record.Life.Grant!.ExpiresAt)}. " +
                $"Somebody else looks at it in {broken.Review}."),
            GlassAnswer.Refused refused => (false, refused.Why),
            GlassAnswer.NotTaken refused => (false, Words.Of(
                refused.Why,
                refused.Record,
                await reviews.FindRightAsync(visit.Person.Id, refused.Record, visit.Aborted))),
            _ => (false, "The action does not exist any more."),
        };
        visit.SendTo(new Notice($"/console/actions/{record.Id}", recorded, text));
    }

    private static SignedAnswer? SignatureOf(IFormCollection form)
    {
        try
        {
            using var document = JsonDocument.Parse(form["assertion"].ToString());
            return SignaturePayload.ReadAnswer(document.RootElement);
        }
        catch (Exception malformed) when (malformed is JsonException or FormatException)
        {
            return null;
        }
    }
}
