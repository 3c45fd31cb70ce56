using System.Collections.Immutable;
using System.Globalization;
using Countersign.Core.Identity;

namespace Countersign.Server.Channels.Email;

/// <summary>
/// Who was told of a review, as the store keeps it: the revision, and the persons. A mail counts as told when the
/// server took it, or refused it for good.
/// </summary>
internal sealed record EmailPlace(int Revision, ImmutableHashSet<PersonId> Told)
{
    private const char Separator = ' ';

    /// <summary>
    /// What is known of this revision. Another revision is another review: votes on the former are void, so everybody
    /// is asked anew.
    /// </summary>
    public static EmailPlace Of(string? text, int revision) =>
        text?.Split(Separator) is [var number, .. var persons]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var known)
        && known == revision
            ? new EmailPlace(revision, [.. persons.Select(person => new PersonId(person))])
            : new EmailPlace(revision, []);

    public EmailPlace With(PersonId person) => this with { Told = Told.Add(person) };

    public override string ToString() => string.Join(
        Separator,
        Told.Select(person => person.Value)
            .Order(StringComparer.Ordinal)
            .Prepend(Revision.ToString(CultureInfo.InvariantCulture)));
}
