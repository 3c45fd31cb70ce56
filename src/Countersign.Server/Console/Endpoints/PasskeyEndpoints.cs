using System.Globalization;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Identity.Passkeys;
using Countersign.Server.Console.Sessions;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>Enrolling and revoking passkeys; both are on a person's page.</summary>
internal sealed class PasskeyEndpoints(
    PasskeyDesk desk, Challenges challenges, SessionStore sessions, ILogger<PasskeyEndpoints> logger)
{
    /// <summary>What the browser asks its authenticator for a new passkey.</summary>
    public async Task WriteOptionsAsync(Visit visit)
    {
        var present = await desk.ListAsync(visit.Person.Id, visit.Aborted);
        if (desk.Party is not { } party)
        {
            await JsonAnswer.RefuseAsync(
                visit.Context, 409, "This address takes no passkeys: it has to be an https one.");
            return;
        }

        if (PasskeyDesk.WhyNotEnrol(visit.Voter, present) is { } refusal)
        {
            await JsonAnswer.RefuseAsync(visit.Context, 403, refusal);
            return;
        }

        var ceremony = new Ceremony(party, challenges.Issue(PurposeOf(visit)));
        await JsonAnswer.WriteAsync(
            visit.Context,
            json => PasskeyJson.WriteCreation(json, ceremony, desk.UserOf(visit.Person), present));
    }

    public async Task EnrolAsync(Visit visit, IFormCollection form)
    {
        var answer = await TryEnrolAsync(visit, form);
        Log.EnrolledPasskey(logger, visit.Person.Id, answer is PasskeyAnswer.Done ? "enrolled" : "not enrolled");
        visit.SendTo(NoticeOf(
            PeopleEndpoints.AddressOf(visit.Person.Id),
            answer,
            "The passkey is enrolled. From now on you can sign in and sign decisions with it."));
    }

    public async Task RevokeAsync(Visit visit, IFormCollection form)
    {
        var comment = form["comment"].ToString().Trim().ReplaceLineEndings("\n");
        var answer = long.TryParse(
            visit.Context.Request.RouteValues["entry"] as string,
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var entry)
            ? await desk.RevokeAsync(visit.Voter, entry, comment.Length == 0 ? null : comment, visit.Aborted)
            : new PasskeyAnswer.Refused("There is no such passkey.");
        var whose = visit.Person.Id;
        if (answer is PasskeyAnswer.Done done)
        {
            // Whoever had the passkey may be signed in with it; the session that revokes it goes on.
            sessions.EndOthers(done.Person, ConsoleDoor.CookieOf(visit.Context));
            whose = done.Person;
        }

        Log.RevokedPasskey(logger, visit.Person.Id, entry, answer is PasskeyAnswer.Done ? "revoked" : "not revoked");
        visit.SendTo(NoticeOf(
            PeopleEndpoints.AddressOf(whose), answer, "The passkey is revoked: nothing it signs counts any more."));
    }

    private async Task<PasskeyAnswer> TryEnrolAsync(Visit visit, IFormCollection form)
    {
        try
        {
            using var document = JsonDocument.Parse(form["credential"].ToString());
            var registration = PasskeyJson.ReadRegistration(document.RootElement);
            var challenge = ClientData.Parse(registration.ClientDataJson).ReadChallenge();
            var asked = new NewPasskey(form["name"].ToString(), challenge, registration)
            {
                Transports = PasskeyJson.ReadTransports(document.RootElement),
                Code = form["code"],
            };
            return challenges.TryTake(PurposeOf(visit), challenge)
                ? await desk.EnrolAsync(visit.Voter, asked, visit.Aborted)
                : new PasskeyAnswer.Refused("That took too long, or was used before. Try again.");
        }
        catch (Exception malformed) when (malformed is JsonException or FormatException)
        {
            return new PasskeyAnswer.Refused(
                "The browser sent no passkey. Enrolling one needs the page's script and an authenticator.");
        }
    }

    private static string PurposeOf(Visit visit) => $"enrol {visit.Person.Id}";

    private static Notice NoticeOf(string page, PasskeyAnswer answer, string text) => answer switch
    {
        PasskeyAnswer.Done done => new Notice(
            page, Recorded: true, $"{text} It is in the ledger as entry {done.Entry}."),
        PasskeyAnswer.Refused refused => new Notice(page, Recorded: false, refused.Why),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
