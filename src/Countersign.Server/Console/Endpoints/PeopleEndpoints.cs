using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>Who is registered, and a page for each person with their passkeys.</summary>
internal sealed class PeopleEndpoints(
    PasskeyDesk desk, IStore store, PageWriter pages, ILogger<PeopleEndpoints> logger)
{
    public static string AddressOf(PersonId person) => $"/console/people/{person}";

    public async Task ListAsync(Visit visit)
    {
        var counts = (await desk.ListAsync(person: null, visit.Aborted)).ToLookup(passkey => passkey.Person);
        var people = visit.Charter.People.Persons
            .OrderByDescending(person => person.Id == visit.Person.Id)
            .Select(person => ItemOf(person, counts[person.Id].Count(), visit));
        await pages.WritePageAsync<PeoplePage>(
            visit.Context, 200, Frames.For("People", visit), new PeopleView([.. people]));
    }

    public Task ShowAsync(Visit visit) => Find(visit) is { } person
        ? WriteAsync(visit, person, visit.TakeNotice(AddressOf(person.Id)), code: null)
        : WriteMissingAsync(visit);

    /// <summary>
    /// Vouches for somebody and shows the code, on this one answer only: it is in no address and no notice.
    /// </summary>
    public async Task VouchAsync(Visit visit, IFormCollection form)
    {
        if (Find(visit) is not { } person)
        {
            await WriteMissingAsync(visit);
            return;
        }

        var answer = await desk.VouchAsync(visit.Voter, person.Id, visit.Aborted);
        Log.Vouched(logger, visit.Person.Id, person.Id, answer is CodeAnswer.Made ? "made" : "not made");
        var notice = answer is CodeAnswer.Refused refused ? new NoticeView(Recorded: false, refused.Why) : null;
        await WriteAsync(visit, person, notice, (answer as CodeAnswer.Made)?.Code);
    }

    private static Person? Find(Visit visit)
    {
        var named = visit.Context.Request.RouteValues["person"] as string;
        return visit.Charter.People.Persons.FirstOrDefault(person => person.Id.Value == named);
    }

    private Task WriteMissingAsync(Visit visit) => pages.WriteMessageAsync(
        visit.Context, 404, "Not found", "Nobody of that name is registered. The list of people shows who is.");

    private async Task WriteAsync(Visit visit, Person person, NoticeView? notice, string? code)
    {
        var passkeys = await desk.ListAsync(person.Id, visit.Aborted);
        var isYou = person.Id == visit.Person.Id;
        var view = new PersonView(ItemOf(person, passkeys.Length, visit), store.Now)
        {
            Passkeys = isYou || visit.Person.IsAdmin ? [.. passkeys.Select(passkey => ViewOf(passkey, visit))] : null,
            Enrolment = isYou ? EnrolmentOf(visit, passkeys) : null,
            Vouching = !isYou && visit.Person.IsAdmin && passkeys.IsEmpty && desk.Party is not null
                ? new VouchingView(code, PasskeyDesk.WhyNotVouch(visit.Voter, isAdmin: true, person.Id))
                : null,
            Notice = notice,
            Session = isYou
                ? new SessionView(
                    visit.Session.CreatedAt,
                    visit.Voter.Assurance < Assurance.Session && !passkeys.IsEmpty ? desk.Party?.Origins[0] : null)
                : null,
        };
        await pages.WritePageAsync<PersonPage>(visit.Context, 200, Frames.For(view.Person.Name, visit), view);
    }

    private static PersonItem ItemOf(Person person, int passkeys, Visit visit) => new(
        person.Id.Value,
        Words.Of(person),
        string.Join(", ", person.Groups.Select(group => group.Value).Order(StringComparer.Ordinal)),
        person.IsAdmin,
        passkeys)
    {
        IsYou = person.Id == visit.Person.Id,
    };

    private static PasskeyView ViewOf(Passkey passkey, Visit visit) => new(
        passkey.Entry,
        Words.OneLine(passkey.Name),
        passkey.EnrolledAt,
        passkey.IsSynced,
        PasskeyDesk.WhyNotRevoke(visit.Voter, visit.Person.IsAdmin, passkey))
    {
        Voucher = passkey.Vouched switch
        {
            null => null,
            { Admin: { } admin } => Words.Of(admin, visit.Charter.People),
            _ => "whoever runs the server",
        },
    };

    private EnrolmentView EnrolmentOf(Visit visit, ImmutableArray<Passkey> passkeys) => desk.Party is { } party
        ? new EnrolmentView(PasskeyDesk.WhyNotEnrol(visit.Voter, passkeys), party.Origins[0])
        {
            Person = visit.Person.Id.Value,
            NeedsCode = PasskeyDesk.NeedsCode(visit.Voter, passkeys),
        }
        : new EnrolmentView(
            "Browsers make passkeys for https addresses with a name only. Let 'public_url' be one.", Origin: "");
}
