using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Channels.Email;

/// <summary>One person who is told, and until when they can answer.</summary>
internal sealed record EmailRecipient(
    PersonId Person, string Name, EmailAddress Address, DateTimeOffset Deadline, PersonId? InPlaceOf);

/// <summary>Who gets mail: who can act and has an address, and nobody else.</summary>
internal sealed class EmailRecipients(ChannelSettings settings, Func<Charter> charter)
{
    /// <summary>Who can act on an action now: on a stage that is open, and without a vote that counts there.</summary>
    public ImmutableArray<EmailRecipient> Of(ActionRecord record)
    {
        var today = charter();
        var electorate = Electorate.Of(record.Life, record.Asker, today.People, today.PolicyAuthors);
        return
        [
            .. record.Life.Tracks
                .Select((track, index) => (Track: track, Index: index))
                .Where(open => !open.Track.IsMet)
                .SelectMany(open => electorate.At(open.Index, open.Track.Stage)
                    .Where(person => !open.Track.Counts(person, record.Life.Votes))
                    .Select(person => (Person: person, open.Track.Deadline)))
                .GroupBy(asked => asked.Person, asked => asked.Deadline)
                .OrderBy(asked => asked.Key.Value, StringComparer.Ordinal)
                .Select(asked => Find(today.People, asked.Key, asked.Min(), electorate.InPlaceOf(asked.Key)))
                .OfType<EmailRecipient>(),
        ];
    }

    /// <summary>Whom something concerns that is about no action: everybody who may review, and the admins.</summary>
    public ImmutableArray<EmailRecipient> OfNotices()
    {
        var today = charter();
        return
        [
            .. today.PersonsWhoMayReview()
                .OrderBy(person => person.Value, StringComparer.Ordinal)
                .Select(person => Find(today.People, person, deadline: default, inPlaceOf: null))
                .OfType<EmailRecipient>(),
        ];
    }

    private EmailRecipient? Find(People people, PersonId id, DateTimeOffset deadline, PersonId? inPlaceOf) =>
        people.Find(id) is { } person && settings.Addresses.TryGetValue(id, out var address)
            ? new EmailRecipient(id, person.DisplayName, address, deadline, inPlaceOf)
            : null;
}
