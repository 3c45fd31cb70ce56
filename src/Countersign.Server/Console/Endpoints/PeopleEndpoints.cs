using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Storage;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Console.Endpoints;

/// <summary>Who is registered, and a page for each person with their passkeys.</summary>
internal sealed class PeopleEndpoints(PasskeyDesk desk, IStore store, PageWriter pages)
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

    public async Task ShowAsync(Visit visit)
    {
        var named = visit.Context.Request.RouteValues["person"] as string;
        if (visit.Charter.People.Persons.FirstOrDefault(person => person.Id.Value == named) is not { } person)
        {
            await pages.WriteMessageAsync(
                visit.Context, 404, "Not found", "Nobody of that name is registered. The list of people shows who is.");
            return;
        }

        var passkeys = await desk.ListAsync(person.Id, visit.Aborted);
        var isYou = person.Id == visit.Person.Id;
        var view = new PersonView(ItemOf(person, passkeys.Length, visit), store.Now)
        {
            Passkeys = isYou || visit.Person.IsAdmin ? [.. passkeys.Select(passkey => ViewOf(passkey, visit))] : null,
            Enrolment = isYou ? EnrolmentOf(visit, passkeys) : null,
            Notice = visit.TakeNotice(AddressOf(person.Id)),
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
        PasskeyDesk.WhyNotRevoke(visit.Voter, visit.Person.IsAdmin, passkey));

    private EnrolmentView EnrolmentOf(Visit visit, ImmutableArray<Passkey> passkeys) => desk.Party is { } party
        ? new EnrolmentView(PasskeyDesk.WhyNotEnrol(visit.Voter, passkeys), party.Origins[0])
        : new EnrolmentView(
            "Browsers make passkeys for https addresses with a name only. Let 'public_url' be one.", Origin: "");
}
