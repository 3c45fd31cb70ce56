using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Sessions;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>Signing in with a passkey, which gives a session of assurance <c>session</c>.</summary>
internal sealed class PasskeySignIn(
    PasskeyDesk passkeys, SignInDesk desk, Challenges challenges, SessionCookie cookie, SignInEndpoints form)
{
    /// <summary>What the browser asks its authenticator; the person chooses one of their passkeys there.</summary>
    public Task WriteOptionsAsync(HttpContext context)
    {
        if (!desk.Throttle.TryAsk(context.Connection.RemoteIpAddress))
        {
            return JsonAnswer.RefuseAsync(context, 429, "Too many attempts from your address. Wait a minute.");
        }

        if (passkeys.Party is not { } party)
        {
            return JsonAnswer.RefuseAsync(context, 409, "This address takes no passkeys: it has to be an https one.");
        }

        var ceremony = new Ceremony(party, challenges.Issue(Challenges.ForSignIn));
        return JsonAnswer.WriteAsync(context, json => PasskeyJson.WriteRequest(json, ceremony, allowed: []));
    }

    public async Task SignInAsync(HttpContext context, IFormCollection sent)
    {
        var after = sent["action"].ToString();
        if (!desk.Throttle.TryEnter(context.Connection.RemoteIpAddress))
        {
            await form.RefuseAsync(context, 429, "Too many attempts from your address. Wait a minute.", after);
            return;
        }

        switch (await CheckAsync(sent["credential"].ToString(), context.RequestAborted))
        {
            case PasskeyAnswer.Done { Person: var id } when desk.Charter().People.Find(id) is not null:
                cookie.Enter(context, new Voter(id, Assurance.Session), after);
                break;
            case PasskeyAnswer.Refused refused:
                await form.RefuseAsync(context, 401, refused.Why, after);
                break;
            default:
                await form.RefuseAsync(context, 401, "The passkey is of nobody who is registered now.", after);
                break;
        }
    }

    /// <summary>
    /// A stronger proof of the person who is signed in already: the session goes on under a new cookie, as strong as a
    /// sign-in with a passkey. Somebody else's passkey changes nothing.
    /// </summary>
    public async Task StepUpAsync(Visit visit, IFormCollection sent)
    {
        var page = PeopleEndpoints.AddressOf(visit.Person.Id);
        if (!desk.Throttle.TryEnter(visit.Context.Connection.RemoteIpAddress))
        {
            visit.SendTo(new Notice(page, Recorded: false, "Too many attempts from your address. Wait a minute."));
            return;
        }

        switch (await CheckAsync(sent["credential"].ToString(), visit.Aborted))
        {
            case PasskeyAnswer.Done { Person: var id } when id == visit.Person.Id:
                cookie.StepUp(visit, page);
                break;
            case PasskeyAnswer.Refused refused:
                visit.SendTo(new Notice(page, Recorded: false, refused.Why));
                break;
            default:
                visit.SendTo(new Notice(page, Recorded: false, "That passkey is somebody else's."));
                break;
        }
    }

    private async Task<PasskeyAnswer> CheckAsync(string credential, CancellationToken cancellationToken)
    {
        try
        {
            using var document = JsonDocument.Parse(credential);
            var assertion = PasskeyJson.ReadAssertion(document.RootElement);
            var challenge = ClientData.Parse(assertion.ClientDataJson).ReadChallenge();
            return challenges.TryTake(Challenges.ForSignIn, challenge)
                ? await passkeys.SignInAsync(assertion, challenge, cancellationToken)
                : new PasskeyAnswer.Refused("That took too long, or was used before. Try again.");
        }
        catch (Exception malformed) when (malformed is JsonException or FormatException)
        {
            return new PasskeyAnswer.Refused(
                "The browser sent no passkey. Signing in with one needs the page's script and an authenticator.");
        }
    }
}
